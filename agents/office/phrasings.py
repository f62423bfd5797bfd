"""Questions as people type them: whole questions, and indirect ones and noun phrases set into frames."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from agents.office.pools import LEGAL_FORMS
from agents.office.questions import HELD_OUT, TRAINING, Asking


@dataclass(frozen=True, slots=True)
class Phrasings:
    """A topic's templates. `{supplier}` stands for the name and is to be replaced with `str.replace`."""

    train: tuple[str, ...]
    held_out: tuple[str, ...]
    clauses: tuple[str, ...]
    """Indirect questions to embed, such as `whether {supplier} bears the tariffs`."""
    held_out_clauses: tuple[str, ...]
    nouns: tuple[str, ...]
    """What it is about, such as `the import duties`."""
    held_out_nouns: tuple[str, ...]


_CLAUSE_FRAMES = (
    "I need to know {clause}.",
    "I want to know {clause}.",
    "I'd like to know {clause}.",
    "Can you tell me {clause}?",
    "Could you tell me {clause}?",
    "Can you check {clause}?",
    "Could you find out {clause}?",
    "Please check {clause}.",
    "Please tell me {clause}.",
    "Please look up {clause}.",
    "Tell me {clause}.",
    "Tell me {clause}, please.",
    "Check {clause}.",
    "Find out {clause}.",
    "Look up {clause}.",
    "Do you know {clause}?",
    "Any idea {clause}?",
    "I wonder {clause}.",
    "I'm trying to find out {clause}.",
    "My boss asks {clause}.",
    "Let me know {clause}.",
    "We need to know {clause}.",
    "Quick question: {clause}?",
    "{clause}?",
    "I can't figure out {clause}.",
    "Would you mind checking {clause}?",
    "Kindly advise {clause}.",
    "Please clarify {clause}.",
    "Please verify {clause}.",
    "Have a look and see {clause}.",
    "Just see {clause}, would you?",
    "Could someone explain to me {clause}?",
    "Not sure {clause}.",
    "I'm not certain {clause}.",
    "I have no clue {clause}.",
    "Nobody here can say {clause}.",
    "The finance team wants to know {clause}.",
    "Purchasing keeps asking me {clause}.",
    "A colleague just asked me {clause}.",
    "The auditor would like to see {clause}.",
    "I'm in a meeting and have to say {clause}.",
    "Before I call them I should know {clause}.",
    "Does the contract state {clause}?",
    "Is it written anywhere {clause}?",
    "Is it clear from the contract {clause}?",
    "What I'm after is {clause}.",
    "The question is {clause}.",
    "What I don't understand is {clause}.",
    "There is some doubt here {clause}.",
    "We are discussing internally {clause}.",
    "We can't agree {clause}, so please settle it.",
    "Show me {clause}.",
    "Figure out {clause} for me.",
    "Pull up the contract and see {clause}.",
    "Go through the agreement and establish {clause}.",
    "I should be grateful to learn {clause}.",
    "May I ask {clause}?",
    "Might I enquire {clause}?",
    "Please to inform me {clause}.",
    "I want ask {clause}.",
    "Need info: {clause}.",
    "pls check {clause}",
    "dunno {clause}, can you look?",
    "From the paperwork, can you work out {clause}?",
    "Would you happen to know {clause}?",
    "My job today is to get to the bottom of {clause}.",
    "I keep forgetting {clause}.",
    "It escapes me {clause}.",
    "I lie awake asking myself {clause}.",
    "I'm curious {clause}.",
    "It would be useful to hear {clause}.",
    "It says nowhere in my notes {clause}.",
    "Somebody told me once {clause}, but I've lost the note. Say it again, please.",
    "Confirm to me in writing {clause}.",
    "Be so kind as to state {clause}.",
    "I would appreciate your advising me {clause}.",
    "We hereby request information as to {clause}.",
    "This is to ask {clause}.",
    "Clarification sought: {clause}.",
    "Open point: {clause}.",
    "Urgent!! {clause}?",
    "quick one - {clause}",
    "hey, {clause}? thx",
    "gotta know {clause}",
    "yo any clue {clause}",
    "Could you shed some light on {clause}?",
    "Is there any way to tell {clause}?",
    "Where can I read {clause}?",
    "Which paragraph says {clause}?",
    "How do I find out {clause}?",
    "Who can tell me {clause}?",
    "What does the agreement say as to {clause}?",
    "Has it been laid down {clause}?",
    "Did we ever put down in writing {clause}?",
    "Have the parties settled {clause}?",
    "Let's determine {clause}.",
    "I've been told to find out {clause}.",
    "I'm drafting a letter and have to put in {clause}.",
    "The warehouse rang, they want to hear {clause}.",
    "Our new director is asking {clause}.",
    "There's a customer on the line and I can't say {clause}.",
    "For the audit trail, record {clause}.",
    "For tomorrow's negotiation it matters {clause}. Please look.",
    "Everything hangs on {clause}.",
    "Two colleagues are arguing over {clause}. What does the document say?",
    "I'd hate to guess {clause}, so please read it up.",
    "Nothing in my folder shows {clause}.",
    "You surely know {clause}?",
    "Please to say me {clause}.",
    "I not understand {clause}, can you explain?",
    "I am needing the information {clause}.",
    "Read the terms and report back {clause}.",
    "{clause}, that's what I have to find out.",
)
_NOUN_FRAMES = (
    "What does the contract with {supplier} say about {noun}?",
    "What does the {supplier} contract say on {noun}?",
    "What did we agree with {supplier} about {noun}?",
    "What have we agreed with {supplier} on {noun}?",
    "What is agreed with {supplier} regarding {noun}?",
    "What about {noun} with {supplier}?",
    "What about {noun} at {supplier}?",
    "How about {noun} with {supplier}?",
    "Look up {noun} for {supplier}.",
    "Look up {noun} in the contract with {supplier}.",
    "Check {noun} with {supplier}.",
    "Check the {supplier} contract for {noun}.",
    "Please check {noun} for {supplier}.",
    "Tell me about {noun} with {supplier}.",
    "Tell me what {supplier} agreed to on {noun}.",
    "I need {noun} for {supplier}.",
    "I have a question about {noun} with {supplier}.",
    "Is there anything on {noun} in the {supplier} contract?",
    "Is there a clause on {noun} with {supplier}?",
    "Does the {supplier} contract mention {noun}?",
    "{supplier}: {noun}?",
    "{supplier}, {noun}?",
    "{supplier} {noun}",
    "{noun} {supplier}",
    "{noun} for {supplier}?",
    "{noun} with {supplier}?",
    "Question on {noun}: what applies at {supplier}?",
    "Regarding {supplier}: what are the rules on {noun}?",
    "Give me {noun} of {supplier}.",
    "Which clause covers {noun} at {supplier}?",
    "Could you dig out {noun} from our {supplier} agreement?",
    "With {supplier}, how did we settle {noun}?",
    "How is {noun} handled in the {supplier} contract?",
    "How does {supplier} deal with {noun}?",
    "What's our deal with {supplier} when it comes to {noun}?",
    "What's the situation with {supplier} as far as {noun} goes?",
    "Remind me what {supplier} signed up to concerning {noun}.",
    "Kindly provide {noun} as set out in the agreement with {supplier}.",
    "Show me {noun} in the paperwork from {supplier}.",
    "Pull {noun} from the {supplier} file.",
    "Find {noun}, supplier is {supplier}.",
    "Supplier: {supplier}. Topic: {noun}.",
    "{supplier} contract, section on {noun}?",
    "looking for {noun}, contract {supplier}",
    "{noun} as per {supplier} agreement",
    "{noun} under the {supplier} contract?",
    "{noun} according to {supplier}?",
    "{noun}, {supplier} contract, please",
    "re {supplier}: {noun}?",
    "Need {noun} from {supplier}, quick.",
    "I'm calling {supplier} in ten minutes and need {noun}.",
    "{supplier} is on the phone asking about {noun}, what do I say?",
    "There is an argument with {supplier} over {noun}. What did we sign?",
    "My manager wants {noun} for {supplier} on her desk today.",
    "Legal is asking me about {noun} in our deal with {supplier}.",
    "We're renegotiating with {supplier}. What is in place now for {noun}?",
    "I'm preparing a review of {supplier} and {noun} is still missing.",
    "Help me understand {noun} in the {supplier} contract.",
    "Explain {noun} at {supplier} to me.",
    "Can you walk me through {noun} for {supplier}?",
    "Do we have any agreement with {supplier} on {noun}?",
    "Did we ever agree {noun} with {supplier}?",
    "Did {supplier} commit to anything on {noun}?",
    "Has {supplier} accepted any terms about {noun}?",
    "Are there any provisions on {noun} in the contract with {supplier}?",
    "What provisions govern {noun} between us and {supplier}?",
    "Under our agreement with {supplier}, what is the position on {noun}?",
    "As regards {noun}, what has been stipulated with {supplier}?",
    "On {noun}, what did {supplier} promise us?",
    "What exactly did {supplier} sign on the subject of {noun}?",
    "What terms does {supplier} give us for {noun}?",
    "What can we expect from {supplier} regarding {noun}?",
    "I couldn't find {noun} in the {supplier} document. Can you?",
    "I would be interested in {noun} as agreed with {supplier}.",
    "Please, how is it with {noun} by {supplier}?",
    "I am searching {noun} of the company {supplier}.",
    "Open the contract of {supplier} and read me {noun}.",
    "{noun}. That's all I need from the {supplier} contract.",
    "Brief me on {noun} before I see {supplier}.",
    "I can't for the life of me remember {noun} we have with {supplier}.",
    "Let's talk about {supplier}, more precisely {noun}.",
    "Let me see {noun} that {supplier} and we put our signatures under.",
    "Quote the {supplier} agreement on {noun}.",
    "Summarise {noun} for me, vendor {supplier}.",
    "Outline how {noun} works between {supplier} and ourselves.",
    "Run me through what {supplier} owes us in terms of {noun}.",
    "Turn to the {supplier} contract and locate {noun}.",
    "Dig into {supplier} for {noun}, would you?",
    "Get me {noun}. {supplier}. Now please.",
    "Fetch {noun} out of whatever we signed with {supplier}.",
    "Enlighten me: {noun}, {supplier}?",
    "Where in the {supplier} paperwork do I find {noun}?",
    "Where does {supplier} stand on {noun}?",
    "Who at our end knows {noun} of {supplier}? Maybe you do.",
    "When I open the {supplier} agreement, what will I read on {noun}?",
    "In which paragraph did {supplier} and we regulate {noun}?",
    "How are we placed with {supplier} as to {noun}?",
    "How did the {supplier} talks end up on {noun}?",
    "What was the outcome with {supplier} on the point of {noun}?",
    "What's the story with {noun} over at {supplier}?",
    "What's written down about {noun}, {supplier}-wise?",
    "Which conditions bind {supplier} with regard to {noun}?",
    "Which arrangement exists for {noun} with our vendor {supplier}?",
    "Was {noun} ever put on paper with {supplier}?",
    "Were any promises made by {supplier} concerning {noun}?",
    "Has our side settled {noun} with {supplier} yet?",
    "Can {supplier} be held to anything on {noun}?",
    "May I have {noun} from the deal we struck with {supplier}?",
    "Would you read up on {noun} at {supplier} and report back?",
    "Any wording about {noun} in what {supplier} signed?",
    "Anything from {supplier} on {noun}?",
    "Got {noun} for {supplier}?",
    "gimme {noun} - {supplier}",
    "hey whats {supplier} saying on {noun}",
    "{noun} @ {supplier}?? anyone know",
    "{supplier} / {noun} / thx",
    "URGENT {supplier}: {noun}",
    'Vendor file {supplier}, entry "{noun}", please.',
    "FYI request: {noun}; counterparty: {supplier}.",
    "{noun} is what the {supplier} people keep bringing up. What are the facts?",
    "{noun}, as laid down together with {supplier}?",
    "{supplier} claims we never talked about {noun}. Is that right?",
    "{supplier} just sent me a mail on {noun}, and I have to reply with what we signed.",
    "{supplier} is what I have in front of me; what I lack is {noun}.",
    "The {supplier} agreement, does it touch on {noun}?",
    "The people in accounts are puzzled by {noun} of {supplier}, please explain.",
    "Our auditors picked {supplier} and want evidence of {noun}.",
    "A customer complained, so I have to see {noun} that we fixed with {supplier}.",
    "Before we reorder from {supplier}, I want to be sure about {noun}.",
    "In case of trouble with {supplier}, what protects us as to {noun}?",
    "For my presentation on {supplier} I lack a line about {noun}.",
    "With reference to {supplier}, I should be glad to receive {noun}.",
    "You are requested to state {noun} pursuant to the contract concluded with {supplier}.",
    "I'm new on the {supplier} account and don't know a thing about {noun}.",
    "I would like to be informed on {noun} by the supplier {supplier}.",
    "We have with {supplier} a contract, what stands in it to {noun}?",
    "Please say me how is made {noun} with the firm {supplier}.",
    "Nobody filed {noun} for {supplier}; do you have it?",
)
_HELD_OUT_CLAUSE_FRAMES = (
    "Would you mind finding out {clause}?",
    "Somebody in accounting asked {clause}.",
    "Before I sign anything: {clause}?",
    "I forgot {clause}.",
    "Remind me {clause}.",
    "It would help to know {clause}.",
    "Are you able to say {clause}?",
    "Kindly confirm {clause}.",
)
_HELD_OUT_NOUN_FRAMES = (
    "Remind me of {noun} in our deal with {supplier}.",
    "What's the story with {supplier} and {noun}?",
    "Where do we stand with {supplier} on {noun}?",
    "Anything in writing with {supplier} on {noun}?",
    "Summarise {noun} under the {supplier} agreement.",
    "Concerning {noun}, what holds for {supplier}?",
    "Our agreement with {supplier}, what does it state on {noun}?",
    "Could I get {noun} for {supplier}?",
)


def _framed(asking: Asking, clause_frames: tuple[str, ...], noun_frames: tuple[str, ...]) -> tuple[str, ...]:
    clauses = (frame.replace("{clause}", clause) for frame in clause_frames for clause in asking.clauses)
    nouns = (frame.replace("{noun}", noun) for frame in noun_frames for noun in asking.nouns)
    return tuple(text if text.startswith("{") else text[0].upper() + text[1:] for text in (*clauses, *nouns))


def _phrasings(train: Asking, held_out: Asking) -> Phrasings:
    framed = _framed(train, _CLAUSE_FRAMES, _NOUN_FRAMES)
    held_out_framed = _framed(held_out, _HELD_OUT_CLAUSE_FRAMES, _HELD_OUT_NOUN_FRAMES)
    return Phrasings(
        train=train.questions * (len(framed) // len(train.questions)) + framed,  # as many of one sort as of the other
        held_out=held_out.questions * (len(held_out_framed) // len(held_out.questions)) + held_out_framed,
        clauses=train.clauses,
        held_out_clauses=held_out.clauses,
        nouns=train.nouns,
        held_out_nouns=held_out.nouns,
    )


PHRASINGS: Mapping[str, Phrasings] = {key: _phrasings(TRAINING[key], HELD_OUT[key]) for key in TRAINING}
"""By the keys of `TOPICS`."""


def vary(template: str, rng: Random) -> str:
    """Everyday noise: a lower-case start, no mark at the end, a greeting, a typo. Slots in braces stay whole."""
    if rng.random() < 0.25 and not template.startswith(("{", "I ", "I'")):
        template = template[0].lower() + template[1:]
    if rng.random() < 0.2:
        template = template.rstrip("?.")
    if rng.random() < 0.12:
        template = rng.choice(_GREETINGS) + template
    if rng.random() < 0.08:
        template = template + rng.choice(_AFTERTHOUGHTS)
    if rng.random() < 0.12:
        template = _typo(template, rng)
    return template


_GREETINGS = (
    "Hi, ",
    "Hello, ",
    "Hi! ",
    "Hey, ",
    "Good morning. ",
    "Sorry, ",
    "ok, ",
    "Quick one: ",
    "So, ",
    "Hello there, ",
    "Dear team, ",
    "Good afternoon, ",
    "Morning! ",
    "Good evening, ",
    "Hey there! ",
    "Hi again, ",
    "Excuse me, ",
    "Me again. ",
    "Just checking: ",
    "Right, ",
    "Well, ",
    "One thing: ",
    "Sorry to bother you. ",
    "If you have a minute: ",
    "I'm new here. ",
)
_AFTERTHOUGHTS = (
    " Thanks!",
    " Thanks.",
    " thx",
    " Thank you.",
    " please",
    " It is urgent.",
    " Thanks in advance!",
    " Many thanks.",
    " Asap please.",
    " No rush.",
    " A short answer is enough.",
    " My boss is waiting.",
    " I have a meeting soon.",
    " Kind regards",
    " pls",
)


def _typo(template: str, rng: Random) -> str:
    """Swaps, drops or doubles one letter inside a long word outside the slots."""
    words = [match for match in re.finditer(r"\{\w+\}|\w+", template) if match[0].isalpha() and len(match[0]) > 4]
    if not words:
        return template
    at = rng.randrange((word := rng.choice(words)).start() + 1, word.end() - 1)
    changed = rng.choice((template[at + 1] + template[at], template[at + 1], template[at] * 2 + template[at + 1]))
    return template[:at] + changed + template[at + 2 :]


def spoken(name: str, rng: Random) -> str:
    """A supplier's name as a user may write it: mostly exact, sometimes in lower case or without its legal form."""
    if rng.random() < 0.1:
        for form in LEGAL_FORMS:
            name = name.removesuffix(f" {form}").removesuffix(" &")
    return name.lower() if rng.random() < 0.08 else name
