/**
 * Records what React renders, through the hook of its developer tools. Import this before anything that imports React.
 */
interface Fiber {
  readonly type: unknown;
  readonly memoizedProps: Readonly<Record<string, unknown>> | null;
  readonly flags: number;
  readonly alternate: Fiber | null;
  readonly child: Fiber | null;
  readonly sibling: Fiber | null;
}

interface Hook {
  supportsFiber: boolean;
  inject(): number;
  onCommitFiberRoot(id: number, root: { readonly current: Fiber }, ...more: unknown[]): void;
  onCommitFiberUnmount(): void;
}

export interface Render {
  readonly name: string;
  /** Whether it was mounted. */
  readonly isNew: boolean;
  readonly props: Readonly<Record<string, unknown>>;
}

const PERFORMED_WORK = 1;
let listener: ((render: Render) => void) | null = null;

const global = globalThis as { __REACT_DEVTOOLS_GLOBAL_HOOK__?: Hook };
// Hot reload may have installed one.
const hook = (global.__REACT_DEVTOOLS_GLOBAL_HOOK__ ??= {
  supportsFiber: true,
  inject: () => 1,
  onCommitFiberRoot() {},
  onCommitFiberUnmount() {},
});
const before = hook.onCommitFiberRoot.bind(hook);
hook.onCommitFiberRoot = (id, root, ...more) => {
  before(id, root, ...more);
  if (listener) visit(root.current, root.current.alternate);
};

function visit(fiber: Fiber, was: Fiber | null): void {
  const name = nameOf(fiber.type);
  if (name && (was === null || fiber.flags & PERFORMED_WORK)) {
    listener?.({ name, isNew: was === null, props: fiber.memoizedProps ?? {} });
  }
  // The same child: nothing below it rendered.
  if (fiber.child === was?.child) return;
  for (let child = fiber.child; child; child = child.sibling) visit(child, was && child.alternate);
}

function nameOf(type: unknown): string | undefined {
  if (typeof type === 'function') return type.name;
  const inner = (type as { type?: unknown } | null)?.type;
  return typeof inner === 'function' ? inner.name : undefined;
}

/** Everything that renders during `work`. */
export async function rendersOf(work: () => Promise<unknown>): Promise<readonly Render[]> {
  const renders: Render[] = [];
  listener = (render) => renders.push(render);
  try {
    await work();
  } finally {
    listener = null;
  }
  return renders;
}
