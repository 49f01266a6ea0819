import { MonitoringFrame } from '#src/ui/alerts/MonitoringFrame.tsx'

export default function MonitoringLayout({ children }: { children: React.ReactNode }) {
  return <MonitoringFrame>{children}</MonitoringFrame>
}
