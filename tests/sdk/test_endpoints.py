"""What agents with the official SDKs ask beside conversations."""

from __future__ import annotations

import io
from collections.abc import Iterator

import anthropic as anthropic_sdk
import openai as sdk
import pytest
from anthropic import Anthropic
from openai import OpenAI

from stack import CHAT_MODEL, CLAUDE_MODEL, FAILOVER_MODEL, TOKEN, Stack

# The vector that the simulator has for a text of eight characters.
VECTOR = [1.0, 0.5, -0.25]


@pytest.fixture
def plain(stack: Stack) -> Iterator[OpenAI]:
    """OpenAI's client without its strict mode, which refuses what the real API answers here: base64, which the client
    itself asks for, and chunks of completions without a finish reason."""
    with OpenAI(base_url=f"{stack.url}/v1", api_key=TOKEN, max_retries=0, timeout=10) as client:
        yield client


def test_texts_are_embedded_as_the_sdk_asks_by_itself(plain: OpenAI, stack: Stack) -> None:
    answer = plain.embeddings.create(model="vectors", input=["12345678", "1"])
    assert len(stack.accounts["failing"].received()) <= 1
    assert [one.embedding for one in answer.data] == [VECTOR, [0.125, 0.5, -0.25]]
    assert answer.usage.prompt_tokens > 0
    got = stack.accounts["openai-strict"].got()
    assert (got["model"], got["encoding_format"]) == ("text-embedding-3-small", "base64")


def test_vectors_may_be_asked_for_as_numbers(openai: OpenAI) -> None:
    answer = openai.embeddings.create(
        model="vectors", input="12345678", encoding_format="float"
    )
    assert answer.data[0].embedding == VECTOR


def test_who_cannot_embed_says_so(openai: OpenAI) -> None:
    with pytest.raises(sdk.BadRequestError) as refused:
        openai.embeddings.create(model="on-anthropic", input="a")
    assert refused.value.code == "lacks_embeddings"


def test_one_model_is_retrieved(openai: OpenAI, anthropic: Anthropic) -> None:
    assert openai.models.retrieve(CHAT_MODEL).id == CHAT_MODEL
    model = anthropic.models.retrieve(CLAUDE_MODEL)
    assert (model.id, model.type) == (CLAUDE_MODEL, "model")
    with pytest.raises(sdk.NotFoundError) as refused:
        openai.models.retrieve("no/such:model")
    assert refused.value.code == "model_not_found"
    with pytest.raises(anthropic_sdk.NotFoundError):
        anthropic.models.retrieve("no/such:model")


def test_tokens_are_counted_by_the_provider_or_estimated(anthropic: Anthropic, stack: Stack) -> None:
    messages = [{"role": "user", "content": "How many tokens are in this text? " * 20}]
    counted = anthropic.messages.with_raw_response.count_tokens(
        model="on-anthropic", messages=messages
    )
    assert counted.parse().input_tokens > 100
    assert "x-broker-estimated" not in counted.headers
    estimated = anthropic.messages.with_raw_response.count_tokens(
        model="on-mistral", messages=messages
    )
    assert 80 < estimated.parse().input_tokens < 400
    assert estimated.headers["x-broker-estimated"] == "true"
    assert stack.accounts["mistral-strict"].received() == []


def test_prompts_are_completed_whole_and_as_streams(plain: OpenAI) -> None:
    whole = plain.completions.create(model=FAILOVER_MODEL, prompt="Once")
    assert whole.choices[0].text == "Completed by openai-b"
    assert whole.usage is not None and whole.usage.completion_tokens == 2
    chunks = list(plain.completions.create(model=FAILOVER_MODEL, prompt="Once", stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == "Completed by openai-b"


def test_sound_is_uploaded_and_made(openai: OpenAI) -> None:
    sound = io.BytesIO(b"RIFF\r\n--\x00\xff" * 1000)
    sound.name = "question.wav"
    heard = openai.audio.transcriptions.create(model="on-openai", file=sound)
    assert heard.text.startswith("gpt-4o heard ")
    made = openai.audio.speech.create(model="on-openai", input="Hello", voice="alloy")
    assert made.read() == b'ID3\x00\xff"gpt-4o"'


def test_texts_are_judged_and_pictures_drawn(plain: OpenAI) -> None:
    judged = plain.moderations.create(
        input="a", extra_headers={"x-broker-model": "on-openai"}
    )
    assert judged.model == "gpt-4o"
    drawn = plain.images.generate(model="on-openai", prompt="a cat")
    assert drawn.data is not None and drawn.data[0].b64_json == "UE5H"


def test_files_and_batches_are_where_the_header_says(openai: OpenAI, anthropic: Anthropic) -> None:
    there = {"x-broker-model": "openai-files-there"}
    made = openai.files.create(file=("a.jsonl", b"{}\n"), purpose="batch", extra_headers=there)
    assert openai.files.content(made.id, extra_headers=there).read() == b'{"a":1}\n{"b":2}\n'
    batch = openai.batches.create(
        input_file_id=made.id,
        endpoint="/v1/chat/completions",
        completion_window="24h",
        extra_headers=there,
    )
    assert openai.batches.cancel(batch.id, extra_headers=there).id == batch.id
    with pytest.raises(sdk.NotFoundError):
        openai.files.list()
    there = {"x-broker-model": "anthropic-files-there"}
    found = anthropic.messages.batches.retrieve("msgbatch_1", extra_headers=there)
    assert found.processing_status == "in_progress"
