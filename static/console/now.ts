import { onScopeDispose, ref, type Ref } from "vue";

/** A value that is computed again every half second while its component lives. */
export function ticking<Value>(read: () => Value): Readonly<Ref<Value>> {
  const value = ref(read()) as Ref<Value>;
  const timer = setInterval(() => (value.value = read()), 500);
  onScopeDispose(() => clearInterval(timer));
  return value;
}
