'use client'

const hear = ({ nativeEvent }: { nativeEvent: Event }) => {
  nativeEvent.isHeard = true
}

/** Around all that the server draws: marks the events that React hears of, so that `keepEarlyPresses` keeps the others. */
export function EarlyPresses({ children }: { children: React.ReactNode }) {
  return (
    <div
      data-drawn=""
      style={{ display: 'contents' }}
      onClickCapture={hear}
      onMouseDownCapture={hear}
      onInputCapture={hear}
      onPointerCancelCapture={hear}
      onSubmitCapture={hear}
    >
      {children}
    </div>
  )
}
