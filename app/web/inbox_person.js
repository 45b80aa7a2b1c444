/** Whose inbox this is: the address says so (`?subscriberId=…`), else this browser remembers. */

const KEY = "carillon.subscriberId";

export class Person {
  #dialog = document.querySelector("#person");
  #button = document.querySelector("#who");
  #name = document.querySelector("#who-name");
  #field = document.querySelector("#person-id");

  constructor() {
    this.#button.addEventListener("click", () => this.#ask());
    document.querySelector("#person-cancel").addEventListener("click", () => this.#dialog.close());
    document.querySelector("#person-form").addEventListener("submit", () => this.#become(this.#field.value.trim()));
  }

  /** The subscriber's id, or null to be given one. */
  known() {
    return new URLSearchParams(location.search).get("subscriberId") || this.#stored();
  }

  remember(subscriberId) {
    this.#name.textContent = subscriberId;
    this.#button.hidden = false;
    try {
      if (!location.search) localStorage.setItem(KEY, subscriberId);
    } catch {
      // Without storage the server names someone new at the next visit.
    }
  }

  #stored() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  }

  #ask() {
    this.#field.value = this.#name.textContent;
    this.#dialog.showModal();
    this.#field.select();
  }

  #become(subscriberId) {
    if (subscriberId) location.search = new URLSearchParams({ subscriberId });
  }
}
