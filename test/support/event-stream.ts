/** In charge of reading server-sent events as a client does: over a real connection, one after the other. */

/** A subscription, as its subscriber sees it. */
export interface EventStream {
  readonly status: number;
  readonly headers: Headers;
  /** The next event; null when there are no more. Rejects when none comes in time. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  next(timeoutMillis?: number): Promise<any>;
  /** Whether nothing comes for so long. */
  isSilent(millis: number): Promise<boolean>;
  /** Hangs up. */
  hangUp(): void;
}

interface Message {
  readonly event: string;
  readonly data: string;
}

/** Posts an operation and reads what comes. Resolves when the headers are there. */
export async function openEventStream(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<EventStream> {
  const hangUp = new AbortController();
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream", ...headers },
    body: JSON.stringify(body),
    signal: hangUp.signal,
  });
  const messages: Message[] = [];
  let isOver = false;
  let noteNews: () => void = () => undefined;
  const reading = readMessages(response, (message) => {
    messages.push(message);
    noteNews();
  })
    .catch(() => undefined)
    .then(() => {
      isOver = true;
      noteNews();
    });
  void reading;

  const arrival = (millis: number): Promise<boolean> =>
    new Promise((resolve) => {
      if (messages.length > 0 || isOver) return resolve(true);
      const timer = setTimeout(() => resolve(false), millis);
      noteNews = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  return {
    status: response.status,
    headers: response.headers,
    next: async (timeoutMillis = 15_000) => {
      if (!(await arrival(timeoutMillis))) throw new TypeError("No event came in time.");
      const message = messages.shift();
      return message === undefined || message.event === "complete" ? null : JSON.parse(message.data);
    },
    isSilent: async (millis) => !(await arrival(millis)),
    hangUp: () => hangUp.abort(),
  };
}

async function readMessages(response: Response, onMessage: (message: Message) => void): Promise<void> {
  let rest = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    rest += chunk;
    for (let end = rest.indexOf("\n\n"); end !== -1; end = rest.indexOf("\n\n")) {
      const lines = rest.slice(0, end).split("\n");
      rest = rest.slice(end + 2);
      const partOf = (name: string) =>
        lines
          .find((line) => line.startsWith(`${name}:`))
          ?.slice(name.length + 1)
          .trim() ?? "";
      const event = partOf("event");
      if (event !== "") onMessage({ event, data: partOf("data") });
    }
  }
}

/** Reads an answer only as far as it is asked to: a client that is slow, with nothing in between that would buffer. */
export function readSlowly({ body }: Response): Pick<EventStream, "next" | "hangUp"> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  const next = async () => {
    for (;;) {
      const [, data] = /data: (.*)\n\n/.exec(rest) ?? [];
      if (data !== undefined) {
        rest = rest.slice(rest.indexOf(data) + data.length);
        return JSON.parse(data);
      }
      const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
      if (done) return null;
      rest += decoder.decode(value, { stream: true });
    }
  };
  return { next, hangUp: () => void reader?.cancel() };
}
