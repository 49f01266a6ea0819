import DatasetIcon from '@mui/icons-material/DatasetOutlined'
import HomeIcon from '@mui/icons-material/HomeOutlined'
import ModelIcon from '@mui/icons-material/HubOutlined'
import DeploymentIcon from '@mui/icons-material/RocketLaunchOutlined'
import SettingsIcon from '@mui/icons-material/SettingsOutlined'
import MonitoringIcon from '@mui/icons-material/MonitorHeartOutlined'
import TrainingIcon from '@mui/icons-material/TimelineOutlined'

export type Place = { key: string; label: string; href: string; Icon: typeof HomeIcon; goKey: string }

/** Where one can go from anywhere; `g` and then the key. */
export const places: Place[] = [
  { key: 'home', label: 'Home', href: '/', Icon: HomeIcon, goKey: 'h' },
  { key: 'models', label: 'Models', href: '/models', Icon: ModelIcon, goKey: 'm' },
  { key: 'datasets', label: 'Data sets', href: '/datasets', Icon: DatasetIcon, goKey: 's' },
  { key: 'training', label: 'Training', href: '/training', Icon: TrainingIcon, goKey: 't' },
  { key: 'deployments', label: 'Deployments', href: '/deployments', Icon: DeploymentIcon, goKey: 'd' },
  { key: 'monitoring', label: 'Monitoring', href: '/monitoring', Icon: MonitoringIcon, goKey: 'o' },
  { key: 'settings', label: 'Settings', href: '/settings', Icon: SettingsIcon, goKey: ',' },
]

/** The keys that the help lists. */
export const keyHelp: { group: string; keys: [string, string][] }[] = [
  {
    group: 'Anywhere',
    keys: [
      ['Ctrl K', 'Search things and actions'],
      ['?', 'This list'],
      ['/', 'Search or filter this page'],
      ['[', 'Fold the navigation'],
    ],
  },
  { group: 'Go to', keys: places.map((place): [string, string] => [`g ${place.goKey}`, place.label]) },
  {
    group: 'Lists',
    keys: [
      ['j  k', 'Next and previous row'],
      ['Enter', 'Open the row'],
      ['Space', 'Peek at the row'],
      ['x', 'Choose the row'],
      ['Esc', 'Close what is open'],
    ],
  },
]
