/** The HTTP side of an inbox: JSON requests with a subscriber's token, which is renewed before and when it ends. */

const REQUEST_TIMEOUT = 15_000;
const RENEWAL_RETRY = 5_000;

/** `status` is 0 when no answer came; `retryAfter` is in milliseconds; `problem` is the RFC 9457 body or null. */
export class RequestFailed extends Error {
  constructor(message, { status = 0, problem = null, retryAfter = 0 } = {}) {
    super(message);
    this.name = "RequestFailed";
    this.status = status;
    this.problem = problem;
    this.code = problem?.code ?? null;
    this.retryAfter = retryAfter;
  }
}

export class InboxApi {
  #fetch;
  #clock;
  #openSession;
  #prefix;
  #subscriberId;
  #session = null;
  #renewing = null;
  #timer = null;
  #closed = false;

  /**
   * `openSession(subscriberId | null)` answers `{token, expiresAt, subscriberId}`; without it the local page's own
   * `POST /demo/session` is asked.
   */
  constructor({ fetch, clock, openSession = null, prefix = "/api/v1", subscriberId = null }) {
    this.#fetch = fetch;
    this.#clock = clock;
    this.#openSession = openSession ?? ((id) => this.#openDemoSession(id));
    this.#prefix = prefix;
    this.#subscriberId = subscriberId;
  }

  /** Whose inbox it is; null until a session was opened, unless given. */
  get subscriberId() {
    return this.#subscriberId;
  }

  /** The envelope of the answer: `{data, meta, …}`. Paths beginning with `/demo/` are taken as they are. */
  get(path, query = {}) {
    const text = new URLSearchParams(query).toString();
    return this.#authorised("GET", text ? `${path}?${text}` : path);
  }

  post(path, body) {
    return this.#authorised("POST", path, body);
  }

  /** Stops renewing. */
  close() {
    this.#closed = true;
    this.#clock.clearTimeout(this.#timer);
  }

  async #authorised(method, path, body) {
    const url = path.startsWith("/demo/") ? path : this.#prefix + path;
    const token = await this.#token();
    try {
      return await this.#send(method, url, body, token);
    } catch (error) {
      if (error.status !== 401) throw error;
      if (this.#session?.token === token) this.#session = null;
      return this.#send(method, url, body, await this.#token());
    }
  }

  async #token() {
    if (this.#session && this.#session.endsAt > this.#clock.now()) return this.#session.token;
    return (await this.#renew()).token;
  }

  #renew() {
    this.#renewing ??= this.#openSession(this.#subscriberId)
      .then((opened) => this.#keep(opened))
      .finally(() => {
        this.#renewing = null;
      });
    return this.#renewing;
  }

  #keep({ token, expiresAt, subscriberId }) {
    const left = Date.parse(expiresAt) - this.#clock.now();
    this.#subscriberId = subscriberId ?? this.#subscriberId;
    // A clock that runs ahead of the server's would see every token as expired: then only a 401 tells.
    this.#session = { token, endsAt: left > 0 ? this.#clock.now() + left : Infinity };
    if (left > 0) this.#renewIn(left - Math.min(60_000, left / 4));
    return this.#session;
  }

  #renewIn(delay) {
    this.#clock.clearTimeout(this.#timer);
    if (this.#closed) return;
    const due = () => this.#renew().catch(() => this.#renewIn(RENEWAL_RETRY));
    this.#timer = this.#clock.setTimeout(due, Math.min(delay, 2 ** 31 - 1));
  }

  async #openDemoSession(subscriberId) {
    const body = subscriberId ? { subscriberId } : {};
    return (await this.#send("POST", "/demo/session", body, null)).data;
  }

  async #send(method, url, body, token) {
    const headers = { Accept: "application/json" };
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const abort = new AbortController();
    const timer = this.#clock.setTimeout(() => abort.abort(), REQUEST_TIMEOUT);
    try {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const request = { method, headers, body: text, signal: abort.signal, cache: "no-store", credentials: "omit" };
      return await this.#read(await this.#fetch(url, request));
    } catch (error) {
      if (error instanceof RequestFailed) throw error;
      throw new RequestFailed("The server did not answer.");
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }

  async #read(response) {
    const text = await response.text();
    let body = null;
    try {
      body = text ? JSON.parse(text) : null;
    } catch {
      // A proxy's error page is not JSON; its status says enough.
    }
    if (response.ok) return body ?? { data: null, meta: {} };
    const message = body?.detail ?? body?.title ?? `The server answered ${response.status}.`;
    const retryAfter = (Number(response.headers.get("Retry-After")) || 0) * 1000;
    throw new RequestFailed(message, { status: response.status, problem: body, retryAfter });
  }
}
