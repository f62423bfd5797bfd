"""How clauses say it: several texts for each topic and kind of value; `{value}` stands where the value goes."""

from __future__ import annotations

from collections.abc import Mapping

Wordings = Mapping[str, tuple[str, ...]]


def _texts(paragraphs: str) -> tuple[str, ...]:
    return tuple(" ".join(paragraph.split()) for paragraph in paragraphs.split("\n\n"))


def _for_each(bearers: Mapping[str, str], paragraphs: str, own: Mapping[str, str] | None = None) -> Wordings:
    """Texts that fit every value, with its words in the slot; and those that a value has of its own."""
    return {
        value: _texts(paragraphs.replace("{bearer}", bearer)) + (_texts(own[value]) if own else ())
        for value, bearer in bearers.items()
    }


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
        {bearer}.

        Any duty, levy or tariff which customs authorities charge on the importation of the goods shall be met in full
        by {bearer}, irrespective of which party is named as importer.

        The burden of tariffs, whether existing or newly imposed, rests with {bearer}. The agreed prices remain
        unaffected by any change in customs rates.

        Import duties are to be settled by {bearer}. The party receiving the assessment notice from customs shall
        forward a copy to the other without delay.

        It is agreed that responsibility for the payment of customs duties and import charges lies with {bearer}, and
        that no surcharge on this account may be added to the invoices.

        Should tariffs be raised, lowered or introduced while this agreement is in force, the resulting cost of
        importation remains with {bearer}.

        Charges levied at the border on the products, in particular customs duties and tariffs, shall be at the
        expense of {bearer}.

        The goods are cleared through customs by a forwarder appointed jointly. Duties and import taxes advanced by
        the forwarder shall be reimbursed by {bearer}.

        As regards tariffs, the financial risk is assumed by {bearer}. This also applies to countervailing and
        safeguard duties imposed after signature.

        Every import levy assessed on a shipment will be charged to {bearer}. The commercial invoice must state the
        customs code and origin of the goods.

        The obligation to pay customs duties falls upon {bearer}, even where such duties are claimed retroactively by
        the authorities.

        Tariff costs arising from the cross-border supply of the products are to be absorbed by {bearer}, and the
        parties waive any further adjustment in this respect.

        The import of the goods may be subject to duty. Whatever amount customs demands in this regard shall be
        defrayed by {bearer} and paid when due.

        Customs duties are not included in transport costs. They are to be accounted for separately and financed by
        {bearer} for the whole term of the agreement.

        With respect to import taxes and tariffs, the parties have agreed that the cost is allocated to {bearer},
        regardless of the country from which the goods are dispatched.""",
        own={
            "supplier": """
            The Buyer is not charged with any customs duty; all import duties and tariffs are included in the agreed
            prices and paid by the Supplier.

            The Supplier delivers the goods duty paid. It settles every tariff and import tax with the customs
            authorities at its own expense.

            Tariffs are the Supplier's sole concern. No part of them, whether known or new, may be passed on to the
            Buyer by way of surcharge.

            The Supplier assumes the full cost of importation, in particular customs duties and tariffs, and has taken
            this into account when calculating its prices.

            If customs collects duties from the Buyer, the Supplier shall refund the entire amount upon presentation
            of the assessment notice.

            The prices are understood to include all tariffs and import charges. The Supplier shall not claim any
            additional payment should customs rates increase.

            It is for the Supplier to pay whatever duties become due at the border; the Buyer receives the goods free
            of all customs charges.

            The Supplier bears the whole risk of rising tariffs and shall absorb any new import levy without recourse
            to its customer.

            The Supplier acts as importer of record and, as such, meets all customs duties, tariffs and import taxes
            out of its own funds.

            Import duties shall in no case be invoiced in addition to the price. They are an expense of the Supplier,
            who pays them directly to the customs office.""",
            "buyer": """
            The Supplier's prices do not include tariffs. Any customs duty due on the goods is added to the invoice
            and paid in full by the Buyer.

            The Buyer acts as importer of record and pays all customs duties, tariffs and import taxes out of its own
            funds.

            Goods are delivered duty unpaid. The Buyer clears them through customs and settles all import charges
            directly with the authorities.

            The Supplier has no obligation to contribute to tariffs or import duties, which are entirely a matter for
            the Buyer, even if introduced after signature.

            Where the Supplier has advanced customs duties, the Buyer shall reimburse the whole amount upon
            presentation of the customs receipt.

            The Buyer assumes the complete cost of importation. Should customs rates rise during the term, the
            additional duties are likewise its own expense.

            The Supplier may pass on to the Buyer, without any reduction, all tariffs and import levies which are
            charged on the shipment of the goods.

            It is for the Buyer to pay whatever duties become due at the border. The customs papers needed for this
            purpose accompany each consignment.

            The risk of new or higher tariffs is the Buyer's. Duties imposed by any authority do not reduce the price
            to which the Supplier is entitled.

            The purchase price is exclusive of customs duties and tariffs. These are an expense of the Buyer, to be
            met on top of the price.""",
            "shared": """
            Customs duties are divided equally: the Supplier pays one half of every import charge, and the Buyer pays
            the other half.

            The parties split all tariffs down the middle. Neither side may require the other to carry more than half
            of the import duties on a shipment.

            Whichever party is charged with import duties by the customs authorities may recover half of the amount
            from the other party.

            The cost of tariffs is a joint burden, of which each party takes an equal part, also where customs rates
            are raised during the term.

            The Supplier advances the customs duties and invoices half of them to the Buyer. The remaining half is not
            recoverable and stays with the Supplier.

            The Buyer pays the import duties upon clearance and deducts one half of them from the next invoice, so
            that the Supplier contributes equally.

            Tariffs and import taxes are shared on a fifty-fifty basis. At the end of each quarter the parties balance
            what they have paid to customs.

            Each party contributes the same amount towards customs duties and import levies. New tariffs introduced
            after signature are treated in the same way.

            The risk of tariffs is not placed on one side only. The Supplier and the Buyer each bear half of all
            duties levied on the goods.

            Import charges collected at the border are apportioned evenly between the parties, with an account of the
            duties paid being drawn up every month.""",
        },
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
            payment bears interest at the legal rate.

            The Buyer is granted a credit period of {value} days for each invoice, counted from the day on which the
            invoice is received. Early payment does not entitle the Buyer to a discount.

            Settlement of the Supplier's invoices shall be made not later than {value} days following the invoice
            date. Payments are deemed made when the Buyer's bank has executed the transfer.

            All sums owed to the Supplier for goods delivered become due {value} days after a proper invoice has been
            presented. Incomplete invoices may be sent back and do not set this period running.

            Unless the invoice is disputed in good faith, the Buyer undertakes to remit the invoiced amount to the
            Supplier's account before {value} days have passed since its receipt.

            Terms of payment: {value} days net. Invoices are to be submitted electronically, and the Buyer may set off
            undisputed counterclaims against the amounts due.

            The Supplier shall allow the Buyer {value} days in which to pay an invoice. Only once that time has
            elapsed without payment may the Supplier send a reminder or charge interest.

            The price for each delivery is to be paid in full by bank transfer, and the deadline for such payment ends
            {value} days after the Buyer has received the corresponding invoice.

            An invoice not paid within {value} days of its date is regarded as overdue. The Supplier may then claim
            statutory default interest on the outstanding amount.

            The Buyer is not obliged to pay in advance or on delivery. Payment against invoice shall take place within
            a period of {value} days, beginning on the invoice date.

            Each invoice shall show its due date, which lies {value} days after the date of issue. The Buyer's
            accounts department releases payment so that the money is credited by then."""
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
            and labour.

            Should any item prove faulty in material or manufacture during the first {value} months following
            delivery, the Supplier is obliged to repair or exchange it free of charge, including transport and labour.

            The Supplier guarantees the proper functioning of all goods for a term of {value} months. Damage caused by
            improper use or by normal wear is not covered by this guarantee.

            Claims for defects may be raised by the Buyer up to {value} months after delivery. The Buyer may choose
            between repair and replacement, both at the Supplier's expense.

            The guarantee period amounts to {value} months and starts with the handover of the goods. Replaced or
            repaired parts are covered for the remainder of that period.

            The Supplier stands behind the quality of its products and shall make good, without cost to the Buyer,
            every defect notified to it within {value} months of acceptance.

            Hidden defects that come to light before the end of {value} months from delivery are deemed covered by the
            warranty, unless the Supplier proves that they were caused by the Buyer.

            For a duration of {value} months the Supplier warrants that the products conform to the agreed
            specification and are of sound workmanship. Nonconforming products shall be taken back and replaced.

            The Buyer enjoys warranty cover of {value} months on all products supplied hereunder. Within this time the
            Supplier bears the cost of removing, repairing and reinstalling any defective part.

            The Supplier's warranty obligations end {value} months after the goods have been put into the Buyer's
            hands. Defects reported before then shall still be remedied in full.

            Goods found to be defective shall be replaced by the Supplier at no charge, provided that the Buyer gives
            notice of the fault while the warranty of {value} months is still running."""
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
            other party has received it.

            Each party is free to withdraw from this agreement without stating reasons, if it informs the other party
            in writing no later than {value} days before the date of withdrawal.

            This agreement is concluded for an unlimited period. Either side may bring it to an end by registered
            letter, observing a notice period of {value} days.

            The agreement remains in force until one party serves notice of termination on the other. It then expires
            {value} days after such notice has been served.

            A party wishing to end the business relationship shall notify the other party in writing {value} days in
            advance. Until then all obligations continue to apply.

            The contractual relationship may be terminated for convenience by the Buyer or the Supplier, subject to a
            period of notice of {value} days to the other party.

            Should either party no longer wish to be bound by this agreement, it shall give {value} days' prior
            written notice of termination. Cancellation by telephone is void.

            Notice to terminate may be given on any working day. The notice period is {value} days and starts when the
            other party receives the letter.

            Without prejudice to termination for cause, the Buyer and the Supplier may each cancel this contract upon
            not less than {value} days' written notice to the other.

            The parties shall remain bound by this contract for {value} days after notice of cancellation has been
            received. Thereafter the contract shall be deemed ended.

            Termination shall be declared in text form and shall become effective upon expiry of {value} days from its
            receipt, unless the parties agree on an earlier end of the contract."""
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
            the goods are received.

            If the agreed delivery date is exceeded, the Buyer may withhold {value}% of the price of the overdue goods
            as a penalty for each week begun.

            In the event of delay in delivery, the Supplier forfeits a contractual penalty of {value}% of the net
            order value per week, without proof of actual loss.

            Should the Supplier fail to deliver on time, it shall credit the Buyer with {value}% of the invoice amount
            for every week that passes until delivery.

            For goods not delivered by the due date the Buyer is entitled to a weekly deduction of {value}% from the
            purchase price as delay damages.

            The Supplier undertakes to deliver punctually. For every week of lateness it owes the Buyer a penalty
            equal to {value}% of the value of the missing goods.

            Where a shipment reaches the Buyer after the agreed date, the Supplier shall pay liquidated damages for
            delay at a rate of {value}% of the order value per week.

            Overdue deliveries are sanctioned by a late delivery charge. The Buyer may set off {value}% of the
            contract price against the invoice for each week of delay.

            A delay in delivery for which the Supplier is responsible gives rise to a penalty, calculated at {value}%
            of the price of the delayed consignment per commenced week.

            The Buyer shall be compensated for late arrival of the goods by a price reduction of {value}% per week,
            irrespective of whether any loss was suffered.

            If the Supplier is in default with a delivery, a penalty accrues weekly at {value}% of the outstanding
            order value and becomes payable upon receipt of the goods."""
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

            The parties limit the liability of the Supplier to a sum of EUR {value} for each contract year.

            The Supplier shall compensate the Buyer for losses caused by it or its staff, provided that the aggregate
            liability shall in no event exceed EUR {value}.

            Irrespective of the number of claims, the Buyer may not recover more than EUR {value} in damages from the
            Supplier. Liability for fraud remains unlimited.

            The maximum amount for which the Supplier can be held liable under or in connection with this agreement is
            EUR {value}. Any further liability is excluded.

            Save for death or personal injury, the Supplier's liability in contract, tort or otherwise shall be
            subject to a ceiling of EUR {value} in the aggregate.

            The Supplier answers for property damage and financial loss suffered by the Buyer. Its duty to pay damages
            ends at a total of EUR {value}.

            Damages payable by the Supplier to the Buyer, on whatever legal basis, shall not be higher than EUR
            {value}. This limitation of liability also protects its employees.

            Any obligation of the Supplier to make good damage is restricted to EUR {value}. The Buyer waives claims
            for compensation which go beyond this limit.

            The parties have agreed on a limitation of liability: the Supplier shall owe compensation for damage of
            EUR {value} at most, save in cases of wilful misconduct.

            If the Supplier breaches its duties and the Buyer suffers a loss, compensation is payable up to an overall
            liability limit of EUR {value}, lost profits included.

            The upper limit of all claims for damages against the Supplier is set at EUR {value}. Mandatory statutory
            liability is not affected by this clause."""
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

            A review of prices takes place every year. It may lead to an increase of up to {value}%.

            The Supplier may revise the price list annually, provided that no price rises by more than {value}% in any
            contract year. The revised list shall be sent to the Buyer in good time before it takes effect.

            Where the Supplier's own costs go up, it may pass them on to the Buyer by raising its prices. Such
            increases shall in total not go beyond {value}% per year of the contract.

            The parties agree on an annual price adjustment. The prices valid in the preceding year serve as a basis
            and may be exceeded by {value}% at the most, regardless of general inflation.

            Upward adjustments of the unit prices are permitted at each anniversary of this contract but are capped at
            {value}%. The Buyer may refuse any adjustment beyond this cap without giving reasons.

            Should wages, energy or raw materials become more expensive, the Supplier may ask for higher prices from
            the next calendar year. The uplift is restricted to {value}% compared with the prices of the current year.

            Prices follow the producer price index published by the national statistics office. Irrespective of the
            index, the Buyer shall not be charged a yearly increase of more than {value}% on any article.

            The Buyer accepts that prices may develop over the term of this contract. An annual rise of up to {value}%
            is deemed agreed, while anything in excess of it shall be void.

            In the event of a price review, the Supplier shall disclose its calculation to the Buyer. The outcome of
            the review may raise the contract prices by a maximum of {value}% for the following year."""
        ),
        "fixed": _texts(
            """The agreed prices are fixed for the whole term of this contract. The Supplier shall not demand any price
            increase.

            Prices are fixed prices. A price increase is excluded, even if the cost of material, energy or transport
            should rise.

            All prices in the price list are firm and fixed. They cannot be increased while this contract is in
            force.

            The Supplier waives any right to a price increase; prices stay fixed until the contract ends.

            The unit prices set out in the annex remain unchanged until this contract expires. The Supplier bears the
            risk of rising costs and has no right to adjust them upwards for any reason.

            No upward revision of prices shall take place during the term. Inflation, exchange rates or dearer raw
            materials do not entitle the Supplier to charge the Buyer more than the amounts in the price list.

            The Supplier guarantees the Buyer stable prices throughout the contract. Announcements of higher list
            prices to the market have no effect on orders placed by the Buyer under this agreement.

            The price list attached to this agreement is binding for its entire duration. Any clause in the Supplier's
            general terms which provides for price adjustments or escalation is hereby excluded.

            For as long as this agreement is in force, the Buyer pays the prices agreed at signature. The Supplier has
            taken all foreseeable cost increases into account and cannot claim any uplift.

            The parties agree on a price freeze for the full contract term. The Supplier shall neither raise its
            prices nor introduce surcharges that would have the same effect for the Buyer.

            Contract prices are locked from the date of signature and are not subject to review or indexation.
            Requests by the Supplier for higher prices may be rejected by the Buyer without further explanation.

            Price escalation of any kind is ruled out. Whatever happens to the cost of labour, energy or materials,
            the Supplier shall continue to supply the goods at the prices originally agreed with the Buyer."""
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

            For every order the Supplier keeps to a delivery time of {value} weeks, packing and transport included.

            Goods ordered under this contract shall arrive at the place named by the Buyer no later than {value} weeks
            after the order date. The Supplier informs the Buyer of the carrier in advance.

            The Supplier commits itself to a turnaround of {value} weeks, counted from receipt of the purchase order
            until the goods are handed over at the Buyer's dock.

            Upon acceptance of an order, the Supplier has {value} weeks to manufacture, pack and hand over the goods.
            Earlier delivery is permitted if the Buyer has been informed beforehand.

            The lead time for all articles in the catalogue amounts to {value} weeks. The Supplier shall keep
            sufficient stock and capacity to meet this lead time for every order of the Buyer.

            Each order shall be fulfilled in full within a period of {value} weeks. The period begins on the day
            following transmission of the order and ends with the arrival of the goods at the warehouse.

            The Buyer shall place its orders {value} weeks before the goods are needed. The Supplier ensures that the
            goods reach the Buyer's plant by the end of this lead time.

            Unless a later date is stated in the order, the Supplier dispatches the goods so that they reach the
            Buyer's premises within {value} weeks of the order being placed.

            The agreed delivery window is {value} weeks from order confirmation. Deliveries shall be accompanied by a
            delivery note showing the order number and the contents of each pallet.

            The time between order and receipt of the goods must not exceed {value} weeks. This delivery period
            includes production, quality checks, packaging and transport to the Buyer's site.

            Delivery shall be effected {value} weeks after the Buyer's order at the latest. The Supplier shall notify
            the Buyer without delay of the exact day and time of arrival."""
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
            dispute.

            The legal relationship between the Supplier and the Buyer is subject exclusively to the law of {value}.
            Any reference to the law of another state is of no effect.

            This contract shall be construed and enforced in accordance with the laws of {value}, without regard to
            principles of private international law that might lead to the application of other rules.

            For the formation, performance and interpretation of this agreement the parties have made a choice of law
            in favour of the law of {value}, which also extends to claims in tort.

            In any litigation between the parties the competent court shall apply the substantive law of {value}.
            Provisions which refer to the legal order of a different country are disregarded.

            All rights and obligations of the parties under this agreement, as well as every order placed under it,
            are determined by the law of {value}, wherever the goods are produced.

            The applicable law is the law of {value}. It governs this contract even where the Supplier has its seat in
            another country or performs its obligations from abroad.

            Any controversy regarding the existence, validity or termination of this agreement shall be resolved under
            the laws of {value}, which the parties have expressly chosen as governing their contract.

            The Supplier submits to the jurisdiction agreed in this clause and acknowledges that the law of {value}
            governs the contract, its annexes and all later amendments to them.

            Where this contract contains no provision on a matter, the statutory rules under the law of {value} shall
            apply. Those rules likewise determine how the contract is to be interpreted.

            Governing law and jurisdiction: the contract is made under the law of {value}, and the courts of the same
            country have exclusive jurisdiction over disputes between the Supplier and the Buyer."""
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

            The Buyer shall not place orders worth less than EUR {value}, the agreed minimum order value.

            No purchase order shall be binding on the Supplier unless the total net value of the goods ordered therein
            amounts to EUR {value} or more.

            The Supplier is entitled to reject any order whose value falls below EUR {value}. The Buyer may combine
            call-offs from several sites to meet this threshold.

            Purchase orders issued under this agreement are subject to a minimum order value of EUR {value},
            calculated on net prices and exclusive of packing and transport.

            The Buyer undertakes to bundle its requirements so that every single order has a net worth of at least EUR
            {value}; smaller orders require the Supplier's prior consent.

            The parties fix the lowest permissible order value at EUR {value}. The Supplier need not confirm or
            execute any purchase order which does not attain that amount.

            Small orders cause disproportionate cost. The Supplier shall therefore only be obliged to accept orders
            with a goods value of EUR {value} and above, spare parts included.

            Where an order placed by the Buyer does not reach the minimum purchase value of EUR {value}, the Supplier
            may hold it until further items are added.

            The minimum spend for each individual order under this framework agreement amounts to EUR {value}. It
            applies equally to catalogue items and to goods made to drawing.

            The Supplier shall accept every order the Buyer places, provided that the value of the order is not less
            than EUR {value} net of value added tax.

            Orders shall be placed in writing and shall each comprise goods to a value of no less than EUR {value},
            failing which the Supplier may return them unprocessed."""
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

            An insurance policy over EUR {value} is to be held by the Supplier and to be renewed in time each year.

            Throughout the term the Supplier shall carry, with a reputable insurer, public and product liability
            insurance with a sum insured of no less than EUR {value} per occurrence.

            The Supplier warrants that it holds a valid insurance policy with a limit of EUR {value} and shall submit
            the insurer's certificate before the first delivery.

            The Supplier shall effect and maintain, at its own expense, insurance cover amounting to EUR {value} and
            shall inform the Buyer without delay if the policy lapses or is reduced.

            The Buyer may request a certificate of insurance at any time. Such certificate must evidence that the
            Supplier is covered for a minimum of EUR {value} per event.

            Before entering the Buyer's premises the Supplier shall have procured an insurance policy providing
            coverage of EUR {value} for injury to persons and damage to property.

            The Supplier is obliged to insure its business risks with a recognised underwriter. Coverage below EUR
            {value} shall be deemed insufficient, and the Supplier shall top up the policy without delay.

            The insured amount under the Supplier's business insurance shall at all times be EUR {value} or higher,
            and the premiums shall be borne by the Supplier.

            The Supplier shall not perform work under this contract while uninsured. Its policy must provide for cover
            of EUR {value} and name the Buyer as an additional insured party.

            The parties agree that the Supplier shall keep in force an insurance policy whose cover amounts to at
            least EUR {value} and shall furnish evidence of payment of the premiums.

            Insurance against claims by third parties is to be arranged by the Supplier with coverage of EUR {value},
            and shall remain in effect until all deliveries have been completed."""
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
            after the contract has ended.

            The receiving party shall hold all information marked as confidential in strict confidence and shall not
            disclose it to any third party for a term of {value} years.

            The Supplier undertakes not to reveal the Buyer's trade secrets, drawings or samples to outsiders. This
            undertaking survives the end of the contract by {value} years.

            All know-how exchanged under this agreement is subject to non-disclosure. The non-disclosure obligation
            expires {value} years after the information in question was received.

            The parties shall treat prices, specifications and business plans as strictly secret. The duty of secrecy
            remains in force for {value} years following the expiry of this contract.

            Neither party may publish or pass on what it learns about the other's business. The period of
            confidentiality amounts to {value} years and binds employees and subcontractors alike.

            For a period of {value} years from signature, each party shall restrict access to the other's confidential
            documents to such staff as need to know them.

            The confidentiality undertakings in this clause shall bind the parties and their affiliates for {value}
            years, irrespective of the reason for which the business relationship comes to an end.

            Documents, models and data entrusted to the Supplier remain secret and shall be returned upon request. The
            Supplier shall observe silence about them for {value} years.

            The parties shall maintain confidentiality in respect of all non-public information. After {value} years
            the receiving party is released from its obligation of secrecy.

            Disclosure of confidential information requires the prior written consent of the party that owns it. This
            restriction shall apply for {value} years after the last disclosure."""
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
