"""Sentences are short and plain in all languages."""

from statistics import mean

import pytest

from tests import plain_language
from tests.plain_language import LANGUAGES, count_words, find_forbidden, sentences, texts_of

GROUPS = (*plain_language.GROUPS, "rest")
MOST_WORDS = 25
MOST_ON_AVERAGE = 15


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_long(language: str) -> None:
    for group in GROUPS:
        found = [part for text in texts_of(group, language) for part in sentences(text)]
        assert found, group
        assert not [sentence for sentence in found if count_words(sentence) > MOST_WORDS]


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_short_on_average(language: str) -> None:
    for group in GROUPS:
        found = [part for text in texts_of(group, language) for part in sentences(text)]
        average = mean(count_words(part) for part in found if plain_language.is_whole(part))
        assert average <= MOST_ON_AVERAGE, group


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_has_a_phrase_to_avoid(language: str) -> None:
    texts = [text for forms in plain_language.read_messages(language).values() for text in forms]
    found = {text: find_forbidden(text, language) for text in texts}
    assert {text: phrases for text, phrases in found.items() if phrases} == {}


def test_phrases_to_avoid_are_found() -> None:
    assert find_forbidden("Send the mail. Nothing counts without you.", "en") == [
        "mail",
        "Nothing counts without",
    ]
    assert find_forbidden("Email us, or mail server staff.", "en") == ["mail"]
    assert find_forbidden("Die E-Mail kommt. Mails nicht.", "de") == ["Mails"]
    assert not find_forbidden("Ваши данные удалены", "ru")


def test_a_text_is_split_into_sentences() -> None:
    text = "Is “A.” right? Эл. пошта мекенжайы %(address)s (2026 г.). Press “Sign”."
    assert list(sentences(text)) == [
        "Is “A.” right?",
        "Эл. пошта мекенжайы %(address)s (2026 г.).",
        "Press “Sign”.",
    ]
    assert [count_words(sentence) for sentence in sentences(text)] == [3, 6, 2]
