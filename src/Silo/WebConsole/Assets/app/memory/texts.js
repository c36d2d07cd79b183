// Texts of versions, read once: what a version injected never changes. A few at a time, so that a long timeline does not crowd out a question.
import { get, memoryPath } from '../api.js';

const MaxAtOnce = 3;

export class Texts {
  #id;
  #known = new Map();
  #waiting = [];
  #running = 0;

  constructor(id) {
    this.#id = id;
  }

  /** Text or messages of a version as one string; null when it has none. */
  read(version) {
    if (!version.has_text) return Promise.resolve(null);
    let text = this.#known.get(version.version);
    if (!text) {
      text = this.#inTurn(() => get(memoryPath(this.#id, `/versions/${version.version}/text`))).then(asText);
      text.catch(() => this.#known.delete(version.version));
      this.#known.set(version.version, text);
    }
    return text;
  }

  #inTurn(work) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject });
      this.#next();
    });
  }

  async #next() {
    if (this.#running >= MaxAtOnce || this.#waiting.length === 0) return;
    this.#running += 1;
    const { work, resolve, reject } = this.#waiting.shift();
    try {
      resolve(await work());
    } catch (error) {
      reject(error);
    }
    this.#running -= 1;
    this.#next();
  }
}

export const asText = (answer) => answer.text ?? (answer.messages ?? []).map((message) => `${message.role}: ${message.content}`).join('\n');
