/** The grid over the plane: `docs/reference/formats.md`, "The plane and its cells". */

export interface Point {
  /** -1 unpleasant .. 1 pleasant. */
  readonly valence: number;
  /** -1 quiet .. 1 stirred. */
  readonly arousal: number;
}

/** The cell of a point of [-1, 1]² on a grid of this side. */
export function cellAt(side: number, { valence, arousal }: Point): number {
  return index(side, valence) * side + index(side, arousal);
}

/** The centre of a cell. */
export function cellCentre(side: number, cell: number): Point {
  return { valence: middle(side, Math.floor(cell / side)), arousal: middle(side, cell % side) };
}

/** The input that stands for "nothing fresh was felt". */
export function noAnswer(side: number): number {
  return side * side;
}

function index(side: number, coordinate: number): number {
  if (!(coordinate >= -1 && coordinate <= 1)) throw new RangeError("A point of the plane lies in [-1, 1]².");
  return Math.min(side - 1, Math.floor(((coordinate + 1) / 2) * side));
}

function middle(side: number, position: number): number {
  return (2 * position + 1) / side - 1;
}
