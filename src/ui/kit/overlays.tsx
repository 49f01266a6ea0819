'use client'
import type { DialogProps } from '@mui/material/Dialog'
import type { DrawerProps } from '@mui/material/Drawer'
import type { MenuProps } from '@mui/material/Menu'
import type { PopoverProps } from '@mui/material/Popover'
import dynamic from 'next/dynamic'
import { type ComponentType, useState } from 'react'

/** Nothing that floats is needed for the first paint: its code comes when it is first opened, and stays for its way out. */
function whenOpened<Props extends { open?: boolean }>(Overlay: ComponentType<Props>) {
  return function Overlaid(props: Props) {
    const [wasOpened, setOpened] = useState(false)
    if (props.open && !wasOpened) setOpened(true)
    return wasOpened ? <Overlay {...props} /> : null
  }
}

export const Dialog = whenOpened<DialogProps>(dynamic(() => import('@mui/material/Dialog'), { ssr: false }))
export const Drawer = whenOpened<DrawerProps>(dynamic(() => import('@mui/material/Drawer'), { ssr: false }))
export const Menu = whenOpened<MenuProps>(dynamic(() => import('@mui/material/Menu'), { ssr: false }))
export const Popover = whenOpened<PopoverProps>(dynamic(() => import('@mui/material/Popover'), { ssr: false }))
