"""How clauses say it: several texts for each topic and kind of value; `{value}` stands where the value goes."""

from __future__ import annotations

from collections.abc import Mapping

Wordings = Mapping[str, tuple[str, ...]]


def _texts(paragraphs: str) -> tuple[str, ...]:
    return tuple(" ".join(paragraph.split()) for paragraph in paragraphs.split("\n\n"))


def _for_each(bearers: Mapping[str, str], paragraphs: str) -> Wordings:
    return {value: _texts(paragraphs.replace("{bearer}", bearer)) for value, bearer in bearers.items()}


WORDINGS: Mapping[str, Wordings] = {
    "tariffs": _for_each(
        {"supplier": "the Supplier alone", "buyer": "the Buyer alone", "shared": "both parties in equal shares"},
        """All tariffs, customs duties and import taxes levied on the goods shall be borne by {bearer}. New tariffs
        introduced during the term of this contract are no reason to change the agreed prices.

        Where goods cross a border, the tariffs and customs duties due on import are paid by {bearer}. The parties
        shall support each other in preparing the customs papers.

        Tariffs and similar import duties on deliveries under this contract are carried by {bearer}, whatever their
        amount and whether or not they were known when the contract was signed.

        Customs clearance shall be arranged in good time. The cost of tariffs, import duties and customs fees falls
        on {bearer}.

        If an authority imposes tariffs or import taxes on the goods, these shall be covered by {bearer}. Receipts
        for customs duties are kept for the audit.

        The parties agree that tariffs and all other customs duties on imported goods are for the account of
        {bearer}.""",
    ),
    "payment": {
        "value": _texts(
            """Invoices are payable within {value} days of receipt, without any deduction. The Supplier shall send each
            invoice to the accounts department and state the purchase order number.

            The Buyer shall pay every correct invoice no later than {value} days after it has arrived. Payment is
            made by bank transfer in the agreed currency.

            Payment is due {value} days net from the date of the invoice. Bank charges are paid by the party that
            causes them.

            The payment term is {value} days. It begins when the goods and a proper invoice have both been received
            by the Buyer.

            Amounts invoiced fall due for payment after {value} days. Where an invoice is disputed, the part not in
            dispute is paid in time.

            For each delivery the Supplier issues one invoice, which the Buyer must settle within {value} days. Late
            payment bears interest at the legal rate."""
        ),
    },
    "warranty": {
        "value": _texts(
            """The Supplier warrants that the goods are free from defects for {value} months after delivery. Defective
            goods are repaired or replaced at no charge.

            A warranty period of {value} months applies to all goods. During this time the Supplier shall remedy any
            defect without delay.

            The warranty (guarantee) for material and workmanship runs for {value} months from the day of
            acceptance. Wear parts are excluded.

            If a defect appears within {value} months of delivery, the Supplier shall under this warranty replace
            the goods at its own cost.

            The goods shall conform to the specification. The Buyer's warranty claims expire {value} months after
            the goods were handed over.

            The Supplier gives a full warranty of {value} months on every item sold, including spare parts, repairs
            and labour."""
        ),
    },
    "termination": {
        "value": _texts(
            """Either party may end this contract by written notice of {value} days. Orders already placed shall still
            be carried out.

            This contract runs for an indefinite time. It can be cancelled or terminated by each party with a notice
            period of {value} days.

            Cancellation or termination requires notice in writing, given at least {value} days before the intended
            end. No reasons need be stated.

            The parties may terminate or cancel the contract at any time, provided that the other side is given
            {value} days' notice.

            Ordinary termination is possible with {value} days' notice. The right to terminate at once for good
            cause is not affected.

            The contract continues until cancelled. A notice of termination takes effect {value} days after the
            other party has received it."""
        ),
    },
    "penalty": {
        "value": _texts(
            """For each week of late delivery the Supplier shall pay a penalty of {value}% of the value of the delayed
            goods.

            If the Supplier delivers late, a penalty of {value}% of the order value is due per week of delay.
            Further claims remain possible.

            Late delivery entitles the Buyer to a penalty. It amounts to {value}% per week or part of a week and is
            deducted from the invoice.

            In case of delay the purchase price is reduced by {value}% for every week, as a penalty for late
            delivery.

            The parties agree on liquidated damages for late delivery: {value}% of the price for each full week of
            delay, as a penalty.

            Goods that arrive late cause a weekly penalty of {value}%, counted from the agreed delivery date until
            the goods are received."""
        ),
    },
    "liability": {
        "value": _texts(
            """The Supplier's total liability under this contract is limited to EUR {value}. This cap does not apply to
            intent or gross negligence.

            Neither law nor contract shall make the Supplier liable for damages of more than EUR {value} in total,
            except for personal injury.

            The liability of the Supplier for all claims in a calendar year is capped at EUR {value}. Loss of profit
            is excluded.

            Claims for damages are limited in amount. The cap on the Supplier's liability is EUR {value}, regardless
            of the legal ground.

            The Supplier is liable for damage caused by its fault up to a maximum of EUR {value}. Beyond this cap no
            compensation is owed.

            The parties limit the liability of the Supplier to a sum of EUR {value} for each contract year."""
        ),
    },
    "price_increase": {
        "value": _texts(
            """The Supplier may increase its prices once a year, by no more than {value}%. Each price increase is
            announced three months ahead.

            Prices may be adjusted each January. A price increase above {value}% a year needs the written consent of
            the Buyer.

            Any price increase is limited to {value}% per year and must be justified by higher costs of material or
            energy.

            The Supplier is entitled to raise the agreed prices, but by {value}% in any twelve months at most.

            List prices apply. The yearly price increase shall not exceed {value}%, whatever the development of raw
            material prices.

            A review of prices takes place every year. It may lead to an increase of up to {value}%."""
        ),
        "fixed": _texts(
            """The agreed prices are fixed for the whole term of this contract. The Supplier shall not demand any price
            increase.

            Prices are fixed prices. A price increase is excluded, even if the cost of material, energy or transport
            should rise.

            All prices in the price list are firm and fixed. They cannot be increased while this contract is in
            force.

            The Supplier waives any right to a price increase; prices stay fixed until the contract ends."""
        ),
    },
    "delivery": {
        "value": _texts(
            """The Supplier shall deliver the goods within {value} weeks of receiving an order. Partial deliveries need
            the Buyer's consent.

            The delivery time is {value} weeks from the date of the order. Goods are delivered to the Buyer's
            warehouse.

            Orders are delivered no later than {value} weeks after they were placed. The Supplier announces each
            delivery one day ahead.

            A lead time of {value} weeks applies to all goods. Delivery is made during the opening hours of the
            warehouse.

            Delivery takes place within {value} weeks. The time starts when the Supplier has confirmed the order in
            writing.

            For every order the Supplier keeps to a delivery time of {value} weeks, packing and transport included."""
        ),
    },
    "law": {
        "value": _texts(
            """This contract is governed by the law of {value}. The United Nations convention on the sale of goods does
            not apply.

            The law of {value} applies to this contract and to all claims arising from it, whatever their nature.

            The parties choose the law of {value} as the governing law. Its rules on the conflict of laws are
            excluded.

            All disputes under this contract shall be decided according to the law of {value}, which is the
            governing law.

            This agreement, its validity and its interpretation are subject to the laws of {value}.

            As governing law the Supplier and the Buyer have agreed on the law of {value}, and on its courts for any
            dispute."""
        ),
    },
    "minimum_order": {
        "value": _texts(
            """Each order shall have a minimum value of EUR {value}. The Supplier may decline smaller orders or charge
            a handling fee.

            The minimum order value is EUR {value}, not counting tax and freight. Several items may be combined to
            reach it.

            The Supplier accepts orders from EUR {value} upwards. Orders below this minimum value are not processed.

            Orders must reach at least EUR {value} in value. This minimum does not apply to spare parts.

            A minimum of EUR {value} for each purchase order is agreed, so that the cost of handling an order is
            covered.

            The Buyer shall not place orders worth less than EUR {value}, the agreed minimum order value."""
        ),
    },
    "insurance": {
        "value": _texts(
            """The Supplier shall maintain insurance with a cover of at least EUR {value} and show proof of it on
            request.

            During the term of this contract the Supplier keeps an insurance policy with cover of EUR {value} for
            each event.

            The Supplier must be insured against third-party claims. The insurance cover shall not be less than EUR
            {value}.

            The Supplier shall take out insurance at its own cost. The sum insured is EUR {value} or more, for
            damage to persons and property.

            The Supplier has to be insured. An insurance with a cover of EUR {value} per claim is required.

            An insurance policy over EUR {value} is to be held by the Supplier and to be renewed in time each year."""
        ),
    },
    "confidentiality": {
        "value": _texts(
            """Each party shall keep the other's confidential information secret. This duty of confidentiality ends
            {value} years after the contract.

            Confidential information is secret and must not be passed on. The obligation of confidentiality lasts
            for {value} years.

            The parties agree on confidentiality for a period of {value} years. Secrecy does not extend to what is
            publicly known.

            For {value} years neither party shall disclose secrets, drawings or other confidential data received
            from the other.

            Confidentiality applies to all business secrets and continues for {value} years from the date of
            disclosure.

            Technical and commercial information is confidential and shall be kept secret for {value} years, also
            after the contract has ended."""
        ),
    },
}

HELD_OUT_WORDINGS: Mapping[str, Wordings] = {
    "tariffs": _for_each(
        {"supplier": "the Supplier", "buyer": "the Buyer", "shared": "the Supplier and the Buyer equally"},
        """Should the goods become subject to tariffs, customs charges or other levies at the border, such sums shall
        be met by {bearer}.

        Responsibility for the payment of tariffs and of any import taxes rests with {bearer}, unless agreed
        otherwise in writing.""",
    ),
    "payment": {
        "value": _texts(
            """The Buyer has {value} days from the invoice date to make payment. No discount is granted for earlier
            payment.

            Sums owed under this contract become payable once {value} days have passed since the invoice was sent to
            the Buyer."""
        ),
    },
    "warranty": {
        "value": _texts(
            """The Supplier stands behind its products with a warranty lasting {value} months, counted from the date of
            the delivery note.

            Any fault reported in the first {value} months is covered by the Supplier's warranty and put right free
            of charge."""
        ),
    },
    "termination": {
        "value": _texts(
            """A party that wishes to leave this contract shall give notice of termination {value} days in advance, by
            registered letter.

            The contract may be brought to an end by either side; the period of notice for termination is {value}
            days."""
        ),
    },
    "penalty": {
        "value": _texts(
            """When a delivery date is missed, the Supplier owes a late delivery penalty: {value}% of the goods' value
            for each week begun.

            Every week by which a delivery is late costs the Supplier a penalty of {value}% of the net price."""
        ),
    },
    "liability": {
        "value": _texts(
            """Whatever the cause, the Supplier's liability ends at EUR {value}. This cap covers all claims taken
            together.

            The highest sum for which the Supplier can be held liable under this contract is EUR {value}."""
        ),
    },
    "price_increase": {
        "value": _texts(
            """Once in each year the Supplier may ask for a price increase, which shall stay within {value}% of the
            prices last agreed.

            Yearly increases of the prices are allowed up to a ceiling of {value}%, after notice in writing."""
        ),
        "fixed": _texts(
            """No price increase of any kind is permitted during this contract: the prices in the annex are fixed.

            The prices agreed in the annex remain fixed and will not be raised for any reason."""
        ),
    },
    "delivery": {
        "value": _texts(
            """Upon each order the goods must reach the Buyer in {value} weeks. This delivery time is binding.

            The agreed time for delivery amounts to {value} weeks and begins on the working day after the order."""
        ),
    },
    "law": {
        "value": _texts(
            """In all respects this contract shall be construed under the law of {value}, to the exclusion of any other
            law.

            The governing law is that of {value}. Mandatory rules of consumer law remain untouched."""
        ),
    },
    "minimum_order": {
        "value": _texts(
            """Orders are welcome at any time, provided their value is not below the minimum of EUR {value}.

            As a minimum, every order placed shall be worth EUR {value} before tax."""
        ),
    },
    "insurance": {
        "value": _texts(
            """Proof of insurance shall be given to the Buyer each year; the policy held by the Supplier must provide
            cover of EUR {value}.

            The Supplier's business insurance has to cover losses of up to EUR {value} at any time during the
            contract."""
        ),
    },
    "confidentiality": {
        "value": _texts(
            """Nothing learned about the other party's business may be revealed for {value} years; this confidentiality
            also binds employees.

            The duty to treat information as confidential remains in force over a span of {value} years."""
        ),
    },
}

FILLERS: tuple[tuple[str, str], ...] = tuple(
    (heading, text)
    for heading, _, text in (
        paragraph.partition(": ")
        for paragraph in _texts(
            """Entire agreement: This document contains everything the parties have agreed. Earlier drafts, letters and
        oral promises have no effect.

        Addresses: Letters under this contract are sent to the registered office of the other party, by post or by
        electronic mail.

        Force majeure: Neither party is responsible for failures caused by events beyond its control, such as war,
        fire, flood or strikes.

        Assignment: Rights and duties arising from this contract may not be transferred to others without the
        consent of the other side.

        Audit: The Buyer may inspect the Supplier's records and premises once a year, during business hours and
        after announcing the visit.

        Severability: Should one provision of this document be invalid, the others remain in force and the gap is
        filled sensibly.

        Amendments: Changes to this contract are valid only if both parties have signed them. The same goes for this
        provision.

        Subcontractors: The Supplier may use subcontractors for parts of its work, but stays responsible for
        everything they do.

        Retention of title: Goods remain the property of the Supplier until they have been paid for in full.

        Compliance: The Supplier obeys all rules on labour, safety and the environment and expects the same of its
        own sources.

        Packaging: Goods are packed so that they arrive unharmed. Packaging is taken back and reused wherever that
        is possible.

        Data protection: Personal data is processed only as far as this contract requires it, and deleted when it is
        no longer needed.

        Inspection of goods: The Buyer examines incoming goods without undue wait and reports visible faults to the
        Supplier at once.

        Language: This contract was made in English. Translations serve for convenience only.

        Intellectual property: Drawings, models and tools handed over by the Buyer remain its property and are
        returned on request.

        Code of conduct: Both parties refrain from bribery and from any other improper advantage in their dealings."""
        )
    )
)
