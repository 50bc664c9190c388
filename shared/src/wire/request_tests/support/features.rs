//! The features that callers use, each as a call that has nothing else.

use serde_json::{Value, json};

use crate::wire::Format;

/// Something that a call may ask for.
pub struct Feature {
    pub name: &'static str,
    pub body: Value,
}

const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const PDF: &str = "JVBERi0xLjQKJSVFT0YK";
const SCHEMA: &str = r#"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}"#;

/// A call with a word and nothing else.
pub fn plain(format: Format) -> Value {
    match format {
        Format::OpenAiChat => json!({"model": "m", "messages": [{"role": "user", "content": "Hello"}]}),
        Format::AnthropicMessages => {
            json!({"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]})
        }
        Format::OpenAiResponses => json!({"model": "m", "input": "Hello", "store": false}),
    }
}

/// A plain call with more members.
fn with(format: Format, members: &Value) -> Value {
    let mut body = plain(format);
    for (key, value) in members.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    body
}

/// The features of a format, in the order of the page.
pub fn features(format: Format) -> Vec<Feature> {
    let features = match format {
        Format::OpenAiChat => openai_chat(),
        Format::AnthropicMessages => anthropic(),
        Format::OpenAiResponses => openai_responses(),
    };
    let row = |(name, members): (&'static str, Value)| Feature {
        name,
        body: with(format, &members),
    };
    features.into_iter().map(row).collect()
}

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn openai_chat() -> Vec<(&'static str, Value)> {
    let tools = json!([{"type": "function", "function": {"name": "weather", "description": "The weather", "parameters": schema()}}]);
    let call = json!({"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Rome\"}"}});
    let user = |parts: Value| json!({"messages": [{"role": "user", "content": parts}]});
    vec![
        ("streams", json!({"stream": true})),
        (
            "system instructions",
            json!({"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]}),
        ),
        ("tools", json!({"tools": tools})),
        (
            "a tool that must be called",
            json!({"tools": tools, "tool_choice": {"type": "function", "function": {"name": "weather"}}}),
        ),
        (
            "one tool at a time",
            json!({"tools": tools, "parallel_tool_calls": false}),
        ),
        (
            "results of tools",
            json!({"tools": tools, "messages": [
                {"role": "user", "content": "Weather?"},
                {"role": "assistant", "content": null, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "call_1", "content": "Sun"},
            ]}),
        ),
        (
            "images in the call",
            user(
                json!([{"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{PIXEL}")}}]),
            ),
        ),
        (
            "images by address",
            user(json!([{"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}])),
        ),
        (
            "documents (PDF)",
            user(json!([{"type": "file", "file": {
                "filename": "a.pdf", "file_data": format!("data:application/pdf;base64,{PDF}")}},
                {"type": "text", "text": "Sum it up."}])),
        ),
        (
            "audio",
            user(json!([{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}])),
        ),
        (
            "answers by a JSON schema",
            json!({"response_format": {"type": "json_schema", "json_schema": {"name": "place", "strict": true, "schema": schema()}}}),
        ),
        (
            "answers in JSON",
            json!({"response_format": {"type": "json_object"}}),
        ),
        ("reasoning", json!({"reasoning_effort": "high"})),
        ("`max_completion_tokens`", json!({"max_completion_tokens": 50})),
        ("`temperature`", json!({"temperature": 0.5})),
        ("`top_p`", json!({"top_p": 0.5})),
        ("`stop`", json!({"stop": ["END"]})),
        ("`seed`", json!({"seed": 7})),
        ("penalties", json!({"presence_penalty": 0.5})),
        ("`logprobs`", json!({"logprobs": true})),
        ("several answers (`n`)", json!({"n": 2})),
        ("`logit_bias`", json!({"logit_bias": {"50256": -100}})),
        (
            "marks for the prompt cache",
            user(json!([{"type": "text", "text": "Hello", "prompt_cache_breakpoint": {"mode": "explicit"}}])),
        ),
        (
            "the end user (`safety_identifier`)",
            json!({"safety_identifier": "u-1"}),
        ),
        ("`service_tier`", json!({"service_tier": "flex"})),
        ("web search", json!({"web_search_options": {}})),
    ]
}

fn openai_responses() -> Vec<(&'static str, Value)> {
    let tools = json!([{"type": "function", "name": "weather", "description": "The weather", "parameters": schema()}]);
    let user = |parts: Value| json!({"input": [{"role": "user", "content": parts}]});
    vec![
        ("streams", json!({"stream": true})),
        ("system instructions", json!({"instructions": "Be brief."})),
        ("tools", json!({"tools": tools})),
        (
            "tools in a namespace",
            json!({"tools": [{"type": "namespace", "name": "sky", "description": "The sky", "tools": tools}]}),
        ),
        (
            "a tool that must be called",
            json!({"tools": tools, "tool_choice": {"type": "function", "name": "weather"}}),
        ),
        (
            "one tool at a time",
            json!({"tools": tools, "parallel_tool_calls": false}),
        ),
        (
            "results of tools",
            json!({"tools": tools, "input": [
                {"role": "user", "content": "Weather?"},
                {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{\"city\":\"Rome\"}"},
                {"type": "function_call_output", "call_id": "call_1", "output": "Sun"},
            ]}),
        ),
        (
            "images in the call",
            user(json!([{"type": "input_image", "image_url": format!("data:image/png;base64,{PIXEL}")}])),
        ),
        (
            "images by address",
            user(json!([{"type": "input_image", "image_url": "https://example.com/cat.png"}])),
        ),
        (
            "documents (PDF)",
            user(json!([
                {"type": "input_file", "filename": "a.pdf", "file_data": format!("data:application/pdf;base64,{PDF}")},
                {"type": "input_text", "text": "Sum it up."},
            ])),
        ),
        (
            "answers by a JSON schema",
            json!({"text": {"format": {"type": "json_schema", "name": "place", "strict": true, "schema": schema()}}}),
        ),
        (
            "answers in JSON",
            json!({"text": {"format": {"type": "json_object"}}}),
        ),
        ("reasoning", json!({"reasoning": {"effort": "high"}})),
        ("`max_output_tokens`", json!({"max_output_tokens": 50})),
        ("`temperature`", json!({"temperature": 0.5})),
        ("`top_p`", json!({"top_p": 0.5})),
        (
            "the end user (`safety_identifier`)",
            json!({"safety_identifier": "u-1"}),
        ),
        ("`service_tier`", json!({"service_tier": "flex"})),
        ("`store`", json!({"store": true})),
        (
            "`previous_response_id`",
            json!({"previous_response_id": "resp_1"}),
        ),
        (
            "tools of the provider's (web search)",
            json!({"tools": [{"type": "web_search"}]}),
        ),
        (
            "custom tools",
            json!({"tools": [{"type": "custom", "name": "patch"}]}),
        ),
    ]
}

fn anthropic() -> Vec<(&'static str, Value)> {
    let tools = json!([{"name": "weather", "description": "The weather", "input_schema": schema()}]);
    let user = |parts: Value| json!({"messages": [{"role": "user", "content": parts}]});
    let source = |media: &str, data: &str| json!({"type": "base64", "media_type": media, "data": data});
    vec![
        ("streams", json!({"stream": true})),
        ("system instructions", json!({"system": "Be brief."})),
        ("tools", json!({"tools": tools})),
        (
            "a tool that must be called",
            json!({"tools": tools, "tool_choice": {"type": "tool", "name": "weather"}}),
        ),
        (
            "one tool at a time",
            json!({"tools": tools, "tool_choice": {"type": "auto", "disable_parallel_tool_use": true}}),
        ),
        (
            "results of tools",
            json!({"tools": tools, "messages": [
                {"role": "user", "content": "Weather?"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Rome"}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "Sun"}]},
            ]}),
        ),
        (
            "images in the call",
            user(json!([{"type": "image", "source": source("image/png", PIXEL)}])),
        ),
        (
            "images by address",
            user(json!([{"type": "image", "source": {"type": "url", "url": "https://example.com/cat.png"}}])),
        ),
        (
            "documents (PDF)",
            user(json!([
                {"type": "document", "source": source("application/pdf", PDF)},
                {"type": "text", "text": "Sum it up."},
            ])),
        ),
        (
            "answers by a JSON schema",
            json!({"output_config": {"format": {"type": "json_schema", "schema": schema()}}}),
        ),
        (
            "reasoning by budget",
            json!({"max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 2000}}),
        ),
        (
            "reasoning as it sees fit",
            json!({"thinking": {"type": "adaptive"}}),
        ),
        ("`effort`", json!({"output_config": {"effort": "high"}})),
        ("`temperature`", json!({"temperature": 0.5})),
        ("`top_p`", json!({"top_p": 0.5})),
        ("`top_k`", json!({"top_k": 5})),
        ("`stop_sequences`", json!({"stop_sequences": ["END"]})),
        (
            "marks for the prompt cache",
            user(json!([{"type": "text", "text": "Hello", "cache_control": {"type": "ephemeral"}}])),
        ),
        (
            "the end user (`metadata.user_id`)",
            json!({"metadata": {"user_id": "u-1"}}),
        ),
        ("`service_tier`", json!({"service_tier": "standard_only"})),
        (
            "tools of the provider's (web search)",
            json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
        ),
        (
            "MCP servers",
            json!({"mcp_servers": [{"type": "url", "url": "https://example.com/mcp", "name": "m"}]}),
        ),
    ]
}
