import { onMounted, onUnmounted } from "vue";

/** "F2", "Enter", "Ctrl+Enter": modifiers first, then the key as the browser names it. */
export function keyName(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "altKey" | "metaKey">): string {
  const modifiers = [event.ctrlKey || event.metaKey ? "Ctrl+" : "", event.altKey ? "Alt+" : ""].join("");
  return `${modifiers}${event.key}`;
}

const PRESSED = "button, a[href], summary, [role=button], [role=tab], input[type=radio]";

/** Whether somebody is filling in a field: nothing may take the cursor or the keys from there. */
export const types = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches("input:not([type=radio], [type=range]), textarea, select"));

/** Keys that mean something in a text field must not act while one is being filled in. */
const actsWhileTyping = (name: string): boolean => /^F\d+$/.test(name) || name.startsWith("Ctrl+");

/** Enter and Space press the control that has the focus. */
const presses = (name: string, target: EventTarget | null): boolean =>
  (name === "Enter" || name === " ") && target instanceof HTMLElement && target.matches(PRESSED);

/** Act on keys while the component is mounted and `when` allows it; a held key acts once. */
export function useShortcuts(actions: Record<string, () => void>, when: (name: string) => boolean = () => true): void {
  function act(event: KeyboardEvent): void {
    const name = keyName(event);
    const action = actions[name];
    if (action === undefined || event.isComposing || !when(name) || (types(event.target) && !actsWhileTyping(name))) return;
    if (presses(name, event.target)) {
      if (event.repeat) event.preventDefault();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) action();
  }
  onMounted(() => window.addEventListener("keydown", act, { capture: true }));
  onUnmounted(() => window.removeEventListener("keydown", act, { capture: true }));
}
