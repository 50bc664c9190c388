// One process for all, one test after the other: they share the accounts.
import "./openai.js";
import "./anthropic.js";
import "./responses.js";
