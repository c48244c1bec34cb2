/** The size of pictures in the timeline, known before they load, so that nothing jumps. Pure. */

/** The server's smaller version of a picture: its longer side. */
const THUMB_PX = 360;
const VIEW_PX = 1_600;
/** A single picture is at most so large on screen. */
const MAX_WIDTH = 360;
const MAX_HEIGHT = 320;
/** Very small or narrow pictures get a box that can be pressed. */
const MIN_SIDE = 48;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The box of a single picture. A picture narrower than the box lies in its middle. */
export function boxOf({ width, height }: Size): Size {
  const scale = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height);
  const side = (length: number) => Math.max(MIN_SIDE, Math.round(length * scale));
  return { width: side(width), height: side(height) };
}

/** The columns of a group of pictures. */
export const columnsOf = (count: number): number => (count === 2 || count === 4 ? 2 : 3);

interface Versions extends Size {
  readonly url: string;
  readonly thumb_url?: string;
  readonly view_url?: string;
}

/** `src` and `srcset` of a picture: the browser takes the version that the screen's density needs. */
export function sourcesOf({ width, height, url, thumb_url, view_url }: Versions): { src: string; srcSet?: string } {
  const smaller = thumb_url ?? view_url ?? url;
  if (!thumb_url || !view_url) return { src: smaller };
  const widthOf = (side: number) => Math.round(width * Math.min(1, side / Math.max(width, height)));
  const [thumb, view] = [widthOf(THUMB_PX), widthOf(VIEW_PX)];
  // A picture that is small itself has versions of the same size.
  return thumb === view ? { src: smaller } : { src: smaller, srcSet: `${thumb_url} ${thumb}w, ${view_url} ${view}w` };
}
