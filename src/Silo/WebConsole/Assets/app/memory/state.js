// What the panes of one memory look at together: the memory, its versions and snapshots, and which version is chosen.
import { get, memoryPath } from '../api.js';
import { lineOf } from './lineage.js';
import { Texts } from './texts.js';

const PageSize = 100;

/** Tells "changed" when anything here has. */
export class MemoryState extends EventTarget {
  constructor(id) {
    super();
    this.id = id;
    this.memory = null;
    this.versions = new Map();
    this.snapshots = [];
    this.cursor = null;
    this.texts = new Texts(id);

    /** A number, or null to follow the head. */
    this.chosen = null;
  }

  get head() {
    return this.memory.version;
  }

  /** The version that is looked at. */
  get at() {
    return this.chosen ?? this.head;
  }

  get isAtHead() {
    return this.at === this.head;
  }

  /** Newest first. */
  get list() {
    return [...this.versions.values()].sort((a, b) => b.version - a.version);
  }

  lineOfHead() {
    return lineOf(this.versions, this.head);
  }

  snapshotsOf(version) {
    return this.snapshots.filter((snapshot) => snapshot.version === version);
  }

  /** Reads memory, newest versions and snapshots; what is known of older versions stays, for they do not change. */
  async load() {
    const [memory, page, snapshots] = await Promise.all([
      get(memoryPath(this.id)),
      get(memoryPath(this.id, `/versions?limit=${PageSize}`)),
      get(memoryPath(this.id, '/snapshots')),
    ]);
    this.memory = memory;
    const isFirst = this.versions.size === 0;
    for (const version of page.items) this.versions.set(version.version, version);
    if (isFirst) this.cursor = page.next_cursor ?? null;
    this.snapshots = snapshots.items;
    this.#tell();
  }

  async loadOlder() {
    const page = await get(memoryPath(this.id, `/versions?limit=${PageSize}&cursor=${encodeURIComponent(this.cursor)}`));
    for (const version of page.items) this.versions.set(version.version, version);
    this.cursor = page.next_cursor ?? null;
    this.#tell();
  }

  /** One version that may be older than those that are listed. */
  async find(number) {
    if (!this.versions.has(number)) this.versions.set(number, await get(memoryPath(this.id, `/versions/${number}`)));
    return this.versions.get(number);
  }

  choose(number) {
    this.chosen = number === this.head ? null : number;
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event('changed'));
  }
}
