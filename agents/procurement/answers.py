"""What the agent says: few sentences, always formed the same way."""

from __future__ import annotations

from service.training.task import Call

GREETING = "Hello! I order from suppliers, ask about their contracts and find contacts."
THANKS = "You're welcome."
OUT_OF_SCOPE = "Sorry, I can only order from suppliers, ask about their contracts and find contacts."
HOW_MANY = "How many should I order?"
WHICH_SUPPLIER = "Which supplier should I order from?"
HOW_MANY_AND_WHERE = "How many should I order, and from which supplier?"
WHOLE_ONLY = "I can only order whole ones. How many should I order?"
PLACED = "Sorry, I cannot look up, change or cancel orders once they are placed."
NOT_ORDERED = "Nothing was ordered."


def sentence_of(call: Call, result: str) -> str:
    """What is said of what a call came to."""
    failure = result.removeprefix("error: ") if result.startswith("error: ") else None
    match call.tool:
        case "place_order" if failure:
            return f"{NOT_ORDERED} {failure}"
        case "place_order":
            number, order = result.split(": ", 1)
            goods, rest = order.split(", ", 1)
            supplier, total = rest.rsplit(", ", 1)
            return f"Ordered {goods} from {supplier} for {total} ({number})."
        case "contracts" if failure:
            return f"I could not ask about the contract: {failure}."
        case "find_offers" if not failure:
            return f"Offers for {result}."
        case "find_contact" if not failure:
            return f"Contact for {call.arguments['subject']}: {result}."
        case _:
            return failure or result
