// The broker and the simulators, as tests/sdk/serve.py names them in the environment.

export const url = process.env.BROKER_URL;
export const token = process.env.BROKER_TOKEN;

class Account {
  constructor(port) {
    this.control = `http://127.0.0.1:${port}/_simulator/`;
  }

  // Every call from now on is treated so: tests/simulator/behaviour.rs.
  behave(behaviour) {
    return this.#ask("POST", "behaviour", { default: behaviour });
  }

  async counted() {
    return (await this.received()).at(-1).usage;
  }

  received() {
    return this.#ask("GET", "received");
  }

  async reset() {
    await this.behave({ kind: "answer" });
    await this.#ask("DELETE", "received");
  }

  async #ask(method, what, body) {
    const response = await fetch(this.control + what, { method, body: body && JSON.stringify(body) });
    return response.json();
  }
}

// The kinds of providers, from tests/sdk/kinds.py. Whoever serves a call, its agent must not be able to tell.
export const kinds = JSON.parse(process.env.KINDS ?? "[]").map((kind) => ({
  kind: kind.name,
  account: new Account(kind.port),
  model: kind.served_as[0],
  thinkingModel: kind.served_as[1],
  tellsRefusals: kind.tells_refusals,
  // The features are those of tests/sdk/kinds.py.
  has: (feature) => !kind.lacks.includes(feature),
}));

export const ODD_TEXT = 'héllo 日本 🎉 "quoted" \\ back\nslash\tend \u2028 done';
export const THOUGHT = "Let me think about it.";
export const PNG = "iVBORw0KGgo=";
export const PDF = "JVBERi0xLjQKCg==";
export const CALL_BOTH = 'call weather with {"city":"Zürich","days":3} and call now';
export const WEATHER = {
  type: "object",
  properties: { city: { type: "string" }, days: { type: "integer" } },
  required: ["city"],
};
export const NOTHING = { type: "object", properties: {} };
export const LEAF = {
  type: "object",
  properties: { name: { type: "string" }, ripe: { type: "boolean" } },
  required: ["name", "ripe"],
  additionalProperties: false,
};

// How a stream may be cut on its way, which must change nothing of what it says.
export const CUTS = [
  { split: 1 },
  { split: 5, line_ending: "crlf" },
  { split: 4096, comments: true },
];
