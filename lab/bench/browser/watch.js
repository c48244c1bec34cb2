/**
 * Stands in the page before anything else does, and notes what a person would feel: how far apart frames are, which tasks
 * keep the page from answering, and which rows React draws. `bench/browser/row.py` starts and reads it.
 *
 * Rows are known by what they are given, as names do not survive a build: a message, and its place among its neighbours.
 */
(() => {
  const PERFORMED_WORK = 1;
  let noted = null;

  const isRow = (props) => typeof props?.message?.seq === 'number' && 'first' in props;
  const isSame = (one, other) => Object.keys(one).every((name) => Object.is(one[name], other[name]));

  function visit(fiber, was) {
    if (isRow(fiber.memoizedProps) && typeof fiber.type === 'function') {
      if (was === null) noted.added += 1;
      else if (fiber !== was && fiber.flags & PERFORMED_WORK) {
        if (isSame(fiber.memoizedProps, was.memoizedProps)) noted.drawnForNothing += 1;
        else noted.drawnChanged += 1;
      }
    }
    // The same child: nothing below was looked at.
    if (fiber.child === was?.child) return;
    for (let child = fiber.child; child; child = child.sibling) visit(child, was && child.alternate);
  }

  // The hook of React's developer tools, which the delivered build speaks to as well.
  globalThis.__REACT_DEVTOOLS_GLOBAL_HOOK__ = {
    supportsFiber: true,
    inject: () => 1,
    onCommitFiberUnmount() {},
    onCommitFiberRoot(_, root) {
      if (!noted?.drawing) return;
      noted.commits += 1;
      visit(root.current, root.current.alternate);
    },
  };

  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) noted?.longTasks.push(duration);
  }).observe({ entryTypes: ['longtask'] });

  globalThis.watching = {
    /** With `drawing` every commit is looked through, which costs time of its own: not for a run that measures frames. */
    start(drawing) {
      const mine = { frames: [], longTasks: [], drawing, commits: 0, added: 0, drawnChanged: 0, drawnForNothing: 0 };
      noted = mine;
      let last = performance.now();
      const frame = (now) => {
        if (noted !== mine) return;
        mine.frames.push(now - last);
        last = now;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    },
    stop() {
      const found = noted;
      noted = null;
      return found;
    },
  };
})();
