/**
 * What this device keeps: the ledger's entries and the drawn reports, in IndexedDB.
 *
 * Promises:
 * - An entry is on disk (`durability: "strict"`) before anything is drawn: `write` resolves only then.
 * - Asking and paying are one read-write transaction, and such transactions run one after the other over all tabs of this
 *   origin, so two tabs share one ledger. It needs neither `crypto.subtle` nor `navigator.locks`, which a page that came
 *   over plain http does not have.
 * - A drawn report is on disk before it is sent, so that it is sent again and never drawn again.
 *
 * Entries are never changed; no two have the same number (it is their key); only those older than two days are deleted,
 * which no ledger looks at.
 */

import type { Point } from "../shared/grid.ts";
import type { Entry } from "./ledger.ts";

/** What left this device, or was about to. */
export interface Kept {
  /** The report's id in hex. */
  readonly id: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** When it was drawn, by this device's clock, Unix milliseconds. */
  readonly atMs: number;
  /** How many outputs its channel has. */
  readonly outputs: number;
  /** Where the blurred answer lies; null when it is "nothing". */
  readonly place: Point | null;
  readonly window: number;
  readonly state: PartState;
  /** The hub's reason, when it was refused. */
  readonly code: string;
}

export type PartState = "leaving" | "counted" | "refused" | "lost";

/** This browser keeps nothing for this page. */
export class NoMemory extends Error {
  override readonly name = "NoMemory";
}

const NAME = "partsong";
const VERSION = 1;
const LEDGER = "ledger";
const PARTS = "parts";
/** Reports are shown for a day. */
export const KEPT_MS = 86_400_000;

/** What to add to the ledger, and what to tell whoever asked. */
export interface Decision<Said> {
  readonly entry: Entry | null;
  readonly said: Said;
}

export class Store {
  readonly #base: IDBDatabase;

  private constructor(base: IDBDatabase) {
    this.#base = base;
  }

  /** Opens the device's memory; rejects with `NoMemory` where there is none. */
  static async open(factory: IDBFactory | undefined = globalThis.indexedDB): Promise<Store> {
    const request = opening(factory);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(LEDGER, { keyPath: "seq" });
      request.result.createObjectStore(PARTS, { keyPath: "id" });
    };
    const base = await settled(request);
    base.onversionchange = () => base.close();
    return new Store(base);
  }

  /** Every entry of the ledger, oldest first. */
  async entries(): Promise<readonly Entry[]> {
    return (await settled(this.#base.transaction(LEDGER).objectStore(LEDGER).getAll())) as Entry[];
  }

  /**
   * Reads the ledger and, if `decide` gives an entry, adds it, all in one transaction. Resolves with what `decide` said,
   * once the entry is on disk; rejects with what `decide` threw.
   */
  async write<Said>(decide: (entries: readonly Entry[]) => Decision<Said>): Promise<Said> {
    const transaction = this.#writing(LEDGER);
    const ledger = transaction.objectStore(LEDGER);
    const entries = (await settled(ledger.getAll())) as Entry[];
    const done = completed(transaction);
    try {
      // No waiting from here to the end of the transaction: another tab must not come between.
      const { entry, said } = decide(entries);
      if (entry !== null) add(ledger, entries, entry);
      await done;
      return said;
    } catch (error) {
      done.catch(() => undefined);
      abort(transaction);
      throw error;
    }
  }

  /** Keeps a drawn report; resolves when it is on disk. */
  async keep(part: Kept): Promise<void> {
    const transaction = this.#writing(PARTS);
    transaction.objectStore(PARTS).put(part);
    await completed(transaction);
  }

  /** The reports of the last day, oldest first; older ones are deleted. */
  async parts(nowMs: number): Promise<readonly Kept[]> {
    const transaction = this.#writing(PARTS);
    const parts = transaction.objectStore(PARTS);
    const all = (await settled(parts.getAll())) as Kept[];
    for (const part of all) if (part.atMs < nowMs - KEPT_MS) parts.delete(part.id);
    await completed(transaction);
    return all.filter((part) => part.atMs >= nowMs - KEPT_MS).sort((one, other) => one.atMs - other.atMs);
  }

  #writing(store: string): IDBTransaction {
    return this.#base.transaction(store, "readwrite", { durability: "strict" });
  }
}

/** Some browsers throw at once where the person has forbidden storage. */
function opening(factory: IDBFactory | undefined): IDBOpenDBRequest {
  try {
    if (factory !== undefined) return factory.open(NAME, VERSION);
  } catch (error) {
    throw new NoMemory(String(error));
  }
  throw new NoMemory("There is no IndexedDB.");
}

/** Adds an entry, and forgets what is long over. */
function add(ledger: IDBObjectStore, entries: readonly Entry[], entry: Entry): void {
  ledger.add(entry);
  for (const old of entries) if (old.atMs < entry.atMs - 2 * KEPT_MS) ledger.delete(old.seq);
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has ended by itself.
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new NoMemory(String(request.error)));
  });
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(new NoMemory(String(transaction.error)));
    transaction.onabort = () => reject(new NoMemory(String(transaction.error)));
  });
}
