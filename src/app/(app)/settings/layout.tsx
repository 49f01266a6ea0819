import { SettingsFrame } from '#src/ui/settings/SettingsFrame.tsx'

export default function SettingsLayout({ children }: { children: React.ReactNode }) {
  return <SettingsFrame>{children}</SettingsFrame>
}
