declare module '*/.dependency-cruiser.mjs' {
  import type { IConfiguration } from 'dependency-cruiser'
  const config: Required<Pick<IConfiguration, 'forbidden' | 'options'>>
  export default config
}
