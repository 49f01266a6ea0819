import { createContext } from 'react'

/** Tells the dialog around a control that something was chosen in it, where no event of the page says so. */
export const TouchContext = createContext<() => void>(() => {})
