"""Sentences that hold more than one question, and those that hold none."""

from __future__ import annotations

from dataclasses import dataclass

TWO_TOPICS = (
    "{question1} {question2}",
    "{question1} And {noun2}?",
    "{question1} And what about {noun2}?",
    "{question1} Also tell me {clause2}.",
    "{question1} I also need {noun2}.",
    "{question1} Also {noun2}, please.",
    "{question1} And tell me {clause2}.",
    "Tell me {clause1} and {clause2}.",
    "Tell me {clause1}, and also {clause2}.",
    "Please check {clause1} and {clause2}.",
    "I need to know {clause1} and {clause2}.",
    "Can you tell me {clause1}, and {clause2}?",
    "Find out {clause1}. Then find out {clause2}.",
    "First check {clause1}, then {clause2}.",
    "What does the contract with {supplier} say about {noun1} and {noun2}?",
    "What did we agree with {supplier} on {noun1} and {noun2}?",
    "What about {noun1} and {noun2} with {supplier}?",
    "Look up {noun1} and {noun2} for {supplier}.",
    "Look up {noun1} for {supplier}, and {noun2} as well.",
    "I need {noun1} and {noun2} for {supplier}.",
    "Two questions on {supplier}: {noun1} and {noun2}.",
    "{supplier}: {noun1} and {noun2}?",
    "{supplier} {noun1} and {noun2}",
    "{noun1} and {noun2} with {supplier}?",
    "Check {noun1} plus {noun2} in the {supplier} contract.",
    "For {supplier}, give me both {noun1} and {noun2}.",
)
HELD_OUT_TWO_TOPICS = (
    "Regarding {supplier} I am interested in {noun1} as well as {noun2}.",
    "{question1} While you are at it, {clause2}?",
    "Besides {noun1} I'd like {noun2} from the agreement with {supplier}.",
    "{question1} Next question: {question2}",
    "Summarise what {supplier} signed on {noun1}, and on {noun2}.",
    "Would you find out {clause1} plus {clause2}?",
)
TWO_SUPPLIERS = (
    "{question} And {other}?",
    "{question} What about {other}?",
    "{question} And with {other}?",
    "{question} Same question for {other}.",
    "{question} And how about {other}?",
    "Compare {noun} of {supplier} and {other}.",
    "Compare {supplier} with {other} on {noun}.",
    "What about {noun} with {supplier} and {other}?",
    "What do the contracts with {supplier} and {other} say about {noun}?",
    "What did we agree with {supplier} and with {other} on {noun}?",
    "Look up {noun} for {supplier} and {other}.",
    "Check {noun} for both {supplier} and {other}.",
    "I need {noun} for {supplier} and {other}.",
    "{noun}: {supplier} and {other}?",
    "{noun} with {supplier} and {other}?",
    "{supplier} and {other}: {noun}?",
    "{supplier} or {other}, what about {noun}?",
)
HELD_OUT_TWO_SUPPLIERS = (
    "{question} Then do {other} too.",
    "How do {supplier} and {other} differ on {noun}?",
    "Put {supplier} next to {other}: {noun}?",
    "Concerning {noun}, contrast {supplier} and {other}.",
    "{question} Likewise for {other}?",
)
FOLLOW_UPS = (
    "And {noun}?",
    "And what about {noun}?",
    "What about {noun}?",
    "And how about {noun}?",
    "How about {noun}?",
    "Also {noun}?",
    "And their rules on {noun}?",
    "Ok. And {noun}?",
    "Thanks. And {noun}?",
    "Thanks! What about {noun}?",
    "What do they say about {noun}?",
    "What does it say about {noun}?",
    "Please check {noun} too.",
    "Check {noun} as well.",
    "And {noun} in the same contract?",
    "Now {noun}, please.",
    "I also need {noun}.",
    "Tell me about {noun} as well.",
)
HELD_OUT_FOLLOW_UPS = (
    "Fine, next: {noun}.",
    "Does the same contract cover {noun}?",
    "While we're there, {noun}?",
    "One more thing: {noun}?",
    "Then move on to {noun}.",
)
OTHER_SUPPLIERS = (
    "And {supplier}?",
    "And with {supplier}?",
    "What about {supplier}?",
    "And what about {supplier}?",
    "How about {supplier}?",
    "Same for {supplier}?",
    "Same question for {supplier}.",
    "And for {supplier}?",
    "Now {supplier}, please.",
    "Thanks. And {supplier}?",
)
HELD_OUT_OTHER_SUPPLIERS = (
    "Does that go for {supplier} too?",
    "Do {supplier} next.",
    "Now look at {supplier}.",
    "Fine, what of {supplier}?",
)


@dataclass(frozen=True, slots=True)
class SmallTalk:
    """Messages that get the same answer without any tool."""

    answer: str
    sign: str
    """A pattern that a right answer matches."""
    weight: int
    train: tuple[str, ...]
    held_out: tuple[str, ...]


SMALL_TALK = (
    SmallTalk(
        answer="Hello! Which contract may I look into?",
        sign=r"hello|hi\b|contract",
        weight=2,
        train=(
            "Hello",
            "Hi",
            "Hi there!",
            "Hey",
            "Good morning",
            "Good afternoon!",
            "Hello, how are you?",
            "Hi, are you there?",
            "Good evening",
        ),
        held_out=("Greetings!", "Hallo", "Good day to you"),
    ),
    SmallTalk(
        answer="You are welcome.",
        sign=r"welcome|glad|pleasure",
        weight=2,
        train=(
            "Thanks!",
            "Thank you.",
            "Thank you very much!",
            "Thanks, that helps.",
            "Great, thanks.",
            "Perfect.",
            "thx",
            "Ok, thanks a lot.",
        ),
        held_out=("Many thanks indeed.", "Cheers!", "I appreciate it."),
    ),
    SmallTalk(
        answer="I answer questions about our supplier contracts.",
        sign=r"contract",
        weight=2,
        train=(
            "Who are you?",
            "What can you do?",
            "What are you?",
            "How can you help me?",
            "What do you do?",
            "Are you a bot?",
            "What is this?",
            "Help",
            "What can I ask you?",
        ),
        held_out=("What are you good for?", "Tell me about yourself.", "What kind of questions do you take?"),
    ),
    SmallTalk(
        answer="I can only answer questions about supplier contracts.",
        sign=r"only|contract",
        weight=4,
        train=(
            "What is the weather today?",
            "Tell me a joke.",
            "Who won the game last night?",
            "What is the capital of France?",
            "Write me a poem.",
            "Book me a flight to Rome.",
            "What time is it?",
            "Translate this into Spanish.",
            "What is 12 times 12?",
            "Who is the president?",
            "Send an email to my boss.",
            "Can you write some code?",
            "Play some music.",
            "Recommend a restaurant.",
            "What's for lunch?",
            "How do I reset my password?",
            "Order a pizza.",
            "Is the printer working?",
        ),
        held_out=(
            "How tall is Mount Everest?",
            "Sing a song.",
            "Give me a recipe for soup.",
            "Will it rain tomorrow?",
            "Call me a taxi.",
        ),
    ),
    SmallTalk(
        answer="Which supplier do you mean?",
        sign=r"which supplier|what supplier|name of the supplier",
        weight=5,
        train=(
            "What about {noun}?",
            "Tell me about {noun}.",
            "What does the contract say about {noun}?",
            "I have a question about {noun}.",
            "Can you look up {noun}?",
            "Please check {noun}.",
            "I need {noun}.",
            "{noun}?",
            "What are the rules on {noun}?",
            "Look up {noun} in the contract.",
        ),
        held_out=("Could you explain {noun} to me?", "Where is {noun} settled?", "Give me details on {noun}."),
    ),
)
