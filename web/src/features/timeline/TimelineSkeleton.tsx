const LINES = [
  ['38%', '71%'],
  ['29%', '54%', '43%'],
  ['34%', '62%'],
  ['26%', '48%'],
  ['31%', '77%', '35%'],
];

export function TimelineSkeleton() {
  return (
    <div
      role="status"
      aria-label="Loading messages"
      className="flex min-h-0 flex-1 flex-col justify-end overflow-hidden px-3 pb-4 md:px-5"
    >
      {/* Appears after a delay: most rooms load sooner, and a short flash of grey would disturb. */}
      <div className="bc-waiting">
        <div className="flex animate-breathe flex-col gap-6">
          {LINES.map(([name, ...texts]) => (
            <div key={name} className="flex gap-3">
              <div className="size-9 shrink-0 rounded-[28%] bg-press" />
              <div className="flex max-w-2xl flex-1 flex-col gap-2 pt-1">
                <div className="h-2.5 rounded-full bg-press" style={{ width: `calc(${name} / 2)` }} />
                {texts.map((width) => (
                  <div key={width} className="h-2.5 rounded-full bg-hover" style={{ width }} />
                ))}
              </div>
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
