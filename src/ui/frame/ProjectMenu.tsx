'use client'
import CheckIcon from '@mui/icons-material/Check'
import Box from '@mui/material/Box'
import Divider from '@mui/material/Divider'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import NextLink from 'next/link'
import { chooseProject } from '#src/ui/frame/project.ts'
import { menuLandmark } from '#src/ui/kit/menuLandmark.ts'
import type { Outputs } from '#src/ui/trpc.tsx'

type ProjectMenuProps = { me: Outputs['me']['get'] | undefined; anchor: HTMLElement; onClose: () => void }

/** The projects to change to. */
export default function ProjectMenu({ me, anchor, onClose }: ProjectMenuProps) {
  return (
    <Menu anchorEl={anchor} open onClose={onClose} slotProps={menuLandmark('Projects')}>
      {(me?.projects ?? []).map((project) => (
        <MenuItem key={project.id} selected={project.id === me?.project.id} onClick={() => chooseProject(project.name)}>
          <Box component="span" sx={{ flex: 1 }}>
            {project.name}
          </Box>
          {project.id === me?.project.id && <CheckIcon sx={{ fontSize: 16 }} />}
        </MenuItem>
      ))}
      <Divider />
      <MenuItem component={NextLink} href="/settings/projects" onClick={onClose}>
        All projects and new ones
      </MenuItem>
    </Menu>
  )
}
