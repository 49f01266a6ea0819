declare global {
  interface Event {
    /** Set once React has been told of an event, whatever it makes of it. */
    isHeard?: boolean
  }
}

/**
 * Keeps what is done to a page before it has come to life, and does it again when it has: a press of a button, a checkbox or a list
 * of choices, a choice made, a form sent. React says nothing of these by itself, and the browser would do what it does without
 * scripts: tick a box that then holds something else than the page believes, or send a form, passwords and all, in an address.
 *
 * It stands as text in the page, before everything else, so it may use nothing from outside itself. What React does not hear of is
 * known by a listener that stands last on the document, behind React's own (`EarlyPresses` marks what that one passes on); React
 * lets nothing further down while a part of the page waits for its code.
 */
export function keepEarlyPresses(): void {
  /** React is told of a choice by `change`, but only of `input` before it reaches the control. */
  const controlsOf: Record<string, string> = {
    click: 'button, [role="button"], [role="tab"], input[type="checkbox"], input[type="radio"]',
    mousedown: 'div[role="combobox"]',
    input: 'select',
    submit: 'form',
  }
  const betweenTries = 50
  /** Nothing happens so late that nobody remembers having asked for it. */
  const longest = 20_000
  type Press = { type: string; control: HTMLElement; value: string; at: number }
  const kept: Press[] = []
  let isPlanned = false

  const pressOf = ({ type, target }: Event): Press | undefined => {
    const control = target instanceof Element && target.closest<HTMLElement>(controlsOf[type] ?? '')
    // A link leads somewhere without scripts too; what stands outside of what the server drew is alive since it is there.
    if (!control || control.closest('a[href]') || !control.closest('[data-drawn]')) return undefined
    return { type, control, value: control instanceof HTMLSelectElement ? control.value : '', at: Date.now() }
  }

  const dispatch = (control: HTMLElement, event: Event) => {
    control.dispatchEvent(event)
    return event.isHeard
  }

  /** Asks by an event that does nothing, since a checkbox must not change before React knows how it was. */
  const again = ({ type, control, value }: Press) => {
    if (!dispatch(control, new Event('pointercancel', { bubbles: true }))) return false
    if (control instanceof HTMLSelectElement) {
      control.value = value
      dispatch(control, new Event('change', { bubbles: true }))
    } else dispatch(control, new (type === 'submit' ? Event : MouseEvent)(type, { bubbles: true, cancelable: true }))
    return true
  }

  /** Somebody who presses twice since nothing happens means it once; of a choice the last one counts. */
  const forget = (press: Press) => {
    const earlier = kept.findIndex(({ type, control }) => type === press.type && control === press.control)
    if (earlier >= 0) kept.splice(earlier, 1)
  }

  const plan = (inMs: number) => {
    if (isPlanned) return
    isPlanned = true
    setTimeout(tryAgain, inMs)
  }

  const tryAgain = () => {
    isPlanned = false
    const first = kept[0]
    if (!first) return
    const isOver = !first.control.isConnected || Date.now() - first.at > longest || again(first)
    if (isOver) forget(first)
    plan(isOver ? 0 : betweenTries)
  }

  const keepUnheard = (event: Event) => {
    const press = pressOf(event)
    if (!press) return
    forget(press)
    if (event.isHeard) return
    event.preventDefault()
    event.stopPropagation()
    kept.push(press)
    plan(betweenTries)
  }

  for (const type of Object.keys(controlsOf))
    addEventListener(type, () => document.addEventListener(type, keepUnheard, { capture: true, once: true }), true)
}
