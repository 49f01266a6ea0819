/** Apart from the other pages, whose skeleton is sent with status 200 before it is known that there is nothing. */
export { default } from '../(app)/layout.tsx'
