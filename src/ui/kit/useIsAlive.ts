'use client'
import { useSyncExternalStore } from 'react'

const never = () => () => {}

/**
 * False on the server and while a page comes to life, when it has to be drawn as the server drew it: without what the browser alone
 * knows, such as its clock, its time zone or its address. True from then on.
 */
export const useIsAlive = (): boolean =>
  useSyncExternalStore(
    never,
    () => true,
    () => false,
  )
