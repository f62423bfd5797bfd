"""How people ask: for each topic whole questions, indirect questions and noun phrases, for training and held out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asking:
    """One half of a topic's wordings. `{supplier}` stands where the name goes."""

    questions: tuple[str, ...]
    clauses: tuple[str, ...]
    """Indirect questions, to be embedded: `whether {supplier} bears the tariffs`."""
    nouns: tuple[str, ...]
    """What it is about, without the supplier: `the import duties`."""


def _asking(questions: str, clauses: str, nouns: str) -> Asking:
    return Asking(
        *(tuple(line.strip() for line in block.strip().splitlines()) for block in (questions, clauses, nouns))
    )


TRAINING: Mapping[str, Asking] = {
    "tariffs": _asking(
        """Who pays the tariffs with {supplier}?
        Who bears the tariffs when we buy from {supplier}?
        Does {supplier} pay the tariffs?
        Does {supplier} pay import duties?
        Does {supplier} swallow import taxes?
        Does {supplier} cover customs duties?
        Will {supplier} cover the tariffs?
        Will {supplier} take care of the customs costs?
        Are we on the hook for customs with {supplier}?
        Are tariffs on us or on {supplier}?
        Are tariffs included with {supplier}?
        Do we pay the tariffs on goods from {supplier}?
        Do we have to pay customs duty on {supplier} goods?
        Must {supplier} pay the tariffs?
        Must we pay import tax on deliveries from {supplier}?
        Is it us or {supplier} who pays the duties?
        Is {supplier} liable for tariffs?
        Is {supplier} responsible for import duties?
        Has {supplier} agreed to bear the tariffs?
        If there are new tariffs, does {supplier} pay them?
        Under the contract, does {supplier} bear the tariffs?
        {supplier}: who pays customs?
        {supplier} tariffs, who pays?
        Tariffs with {supplier}: us or them?
        Import duties on {supplier} deliveries, whose cost?
        Who is stuck with the tariffs, us or {supplier}?
        Who covers the duties on shipments from {supplier}?
        Whose problem are the tariffs, ours or {supplier}'s?
        Do the tariffs fall on {supplier}?
        Are the customs duties split with {supplier}?
        Customs sent me a bill for the crates from {supplier}. Is that theirs to settle?
        The forwarder wants money for import duty on the {supplier} shipment. Do we owe that?
        Goods from {supplier} are stuck at the border until someone pays. Is that someone us?
        {supplier} forwarded us a customs invoice. Can we send it back?
        Who foots the bill for import duties with {supplier}?
        Who picks up the tab when customs charges {supplier} deliveries?
        Who gets the customs bill for {supplier} goods?
        Who shoulders the tariff burden in our deal with {supplier}?
        Who is paying the border taxes on what {supplier} ships?
        Who absorbs new tariffs, {supplier} or us?
        Who eats the duty when {supplier} ships from abroad?
        Who has to cough up the import levies for {supplier}?
        Which party carries the customs duties under the {supplier} contract?
        Which side is charged for import tax with {supplier}?
        Does {supplier} absorb the import charges?
        Does {supplier} deliver duty paid?
        Does {supplier} ship duty unpaid, so that we have to settle with customs?
        Does {supplier} pass tariffs on to us?
        Does {supplier} expect us to pay the import levy?
        Does {supplier} share the cost of customs with us?
        Does the price from {supplier} already include duties?
        Does our contract make {supplier} pay at the border?
        Will a tariff hike hurt us or {supplier}?
        Will we get charged extra if tariffs hit {supplier}'s goods?
        Will {supplier} reimburse us for the duties we paid at customs?
        Can {supplier} bill us for tariffs?
        Can we make {supplier} pay the customs bill?
        Can I pass the import duty back to {supplier}?
        Could {supplier} leave us with the tariff costs?
        Is {supplier} picking up the import taxes?
        Is the customs duty for our account or {supplier}'s?
        Is the import tax split between us and {supplier}?
        Is it fifty-fifty with {supplier} on tariffs?
        Is customs something {supplier} handles at its own cost?
        Is {supplier} delivering with all duties paid?
        Isn't {supplier} supposed to pay the duties?
        Aren't the import taxes {supplier}'s business?
        Are we exposed to tariffs on the goods of {supplier}?
        Are we sharing the tariffs with {supplier}?
        Are we safe from tariffs when ordering from {supplier}?
        Are border charges ours to pay when {supplier} ships?
        Do we and {supplier} go halves on customs duties?
        Do we carry the tariff risk with {supplier}?
        Do I have to budget for import duties when buying at {supplier}?
        Don't we split the duties with {supplier}?
        Surely {supplier} pays its own customs bill?
        Should I accept the tariff surcharge on the {supplier} invoice?
        Should customs costs show up on our books or on {supplier}'s?
        Why is {supplier} charging us import duty? Check who has to bear it.
        There is a tariff surcharge on the latest {supplier} bill. Is that allowed?
        The government is raising tariffs. What does that mean for our deal with {supplier}?
        New levies on foreign goods are coming. Does our agreement protect us at {supplier}?
        If politicians slap more tariffs on, are we or is {supplier} out of pocket?
        If the trade war gets worse, does {supplier} take the hit?
        If customs demands money for a {supplier} parcel, who pays?
        When a {supplier} truck reaches the border, who pays what the state wants there?
        In case of import duties, whose wallet does it come from, ours or {supplier}'s?
        Under our agreement with {supplier}, who is responsible for customs charges?
        How are tariffs divided between us and {supplier}?
        How are import duties handled with {supplier}?
        How did we settle the customs cost question with {supplier}?
        What did we agree with {supplier} about tariffs?
        What does the contract with {supplier} say on import duties?
        What happens with tariffs if we buy at {supplier}?
        What share of the duties does {supplier} bear?
        On whose account go the customs fees with {supplier}?
        For whose account are duties on {supplier} imports?
        At whose expense is customs for {supplier} goods?
        Whose job is it to pay the tariffs on {supplier} products?
        Tell me who carries customs duties in the {supplier} deal.
        Please check who has to bear the import tax for {supplier} goods.
        Kindly advise which party is liable for customs duties under the agreement with {supplier}.
        Find out if we can leave the tariff bill to {supplier}.
        Import levy on {supplier} goods, who must to pay?
        For the customs of {supplier}, it is we who pay?
        {supplier} and customs costs: theirs, ours, or both?
        {supplier}, duty paid or unpaid?
        Tariff costs at {supplier}, ours or theirs?
        I'd like to know who ends up with the duties on {supplier} imports.
        I heard {supplier} refuses to pay customs. Are they right?
        A customs officer just rang about a pallet from {supplier} and wants to know who to invoice for the duty.
        According to the paperwork with {supplier}, whose pocket do import tariffs come out of?
        Am I right that any duty on {supplier} merchandise is deducted from their money and not ours?
        Any idea if the tariff bill lands with us or with {supplier}?
        Assume the EU imposes a punitive tariff tomorrow: would that be {supplier}'s loss or ours?
        Before I sign off this customs payment for the {supplier} container, was that ever our obligation?
        Between ourselves and {supplier}, who has been assigned the import duties?
        Boss asks: tariffs at {supplier}, who has to stump up?
        Broker's note says "duty payable by consignee" for {supplier}. Does that match our agreement?
        Clarify for me please the bearer of customs duty in the case of {supplier}.
        Customs clearance fees and duty for {supplier}: on which side of the ledger?
        DDP or DAP with {supplier}, in other words who pays the duty?
        Did we ever commit to paying the tariffs for {supplier}?
        Did {supplier} sign up to carry the customs duties or did they leave that to us?
        Duties on what we import from {supplier}. Buyer's cost or seller's?
        Every shipment from {supplier} costs us a fortune at customs. Should they not be paying that?
        Explain to me how the burden of import tariffs is allocated in the {supplier} agreement.
        For budgeting: must I add import duty on top of what {supplier} quotes?
        Has anyone negotiated with {supplier} who is to pay when the goods are dutiable?
        Have we got it in writing that {supplier} takes the duties?
        Help me out, is it the buyer or {supplier} that the taxman at the frontier comes after?
        I was told we only owe half of the tariffs and {supplier} the rest. Is that so?
        In the event that customs levies are imposed, shall these be borne by {supplier}?
        It says "plus customs" on the quote from {supplier}. Can they do that under our contract?
        Let me know on which party the contract with {supplier} places import duties.
        Looking for the answer to one thing: are import tariffs {supplier}'s burden?
        May {supplier} lawfully under our contract recharge duty to us?
        My colleague says tariffs are {supplier}'s headache. True?
        Need to know quick: customs duty {supplier}, buyer or seller pays?
        Of the import duties on {supplier} wares, how much is our portion?
        Our logistics lead insists the border levy is not ours to pay at {supplier}. Who is right?
        Suppose the duty rate on steel doubles. Is it {supplier} that has to fund the difference?
        The tax authorities assessed duty on a consignment sent by {supplier}. To whom do I pass the assessment?
        Upon importation, does the duty become payable by us or by {supplier}?
        Was it agreed that the seller, {supplier}, pays whatever customs demands?
        We buy a lot from {supplier} overseas. Do they or we finance the import taxes?
        Where does the contract put the tariffs, with {supplier} or with the purchaser?
        With {supplier}, the customs tax is charge of who?
        Would {supplier} be right to tack the import duty onto our bill?
        You know the tariff mess. Is {supplier} obliged to keep us out of it?""",
        """whether {supplier} bears the tariffs
        whether {supplier} pays the tariffs
        if {supplier} pays the import duties
        if {supplier} covers customs
        who pays the tariffs on {supplier} goods
        who bears the import duties with {supplier}
        whether we or {supplier} pay the customs duties
        whether the tariffs are paid by {supplier}
        if the tariffs are on {supplier}
        whether {supplier} has to bear the tariffs
        who is responsible for tariffs in the {supplier} contract
        if {supplier} takes over the tariffs
        whether {supplier} absorbs import charges
        whether {supplier} delivers duty paid
        whether {supplier} may pass tariffs on to us
        whether {supplier} shares the customs costs with us
        whether we or {supplier} get the customs bill
        whether we split import duties with {supplier}
        whether the price of {supplier} includes customs duties
        whether new tariffs would hit us or {supplier}
        whether import taxes are for {supplier}'s account
        if {supplier} picks up the tab for tariffs
        if {supplier} can charge us the import duty
        if the duties on {supplier} goods are ours to pay
        if we carry the tariff risk with {supplier}
        if we go halves with {supplier} on the tariffs
        if border charges are {supplier}'s problem
        who foots the customs bill with {supplier}
        who shoulders import taxes under the {supplier} contract
        who settles up with customs when {supplier} ships
        who is stuck with the duty on {supplier} imports
        who takes the hit from tariffs, us or {supplier}
        which party bears customs duties in the {supplier} agreement
        at whose expense {supplier} goods clear customs
        on whom the tariffs fall when we buy from {supplier}
        how tariffs are split between us and {supplier}
        how {supplier} deals with import levies
        how customs charges are handled with {supplier}
        what we agreed with {supplier} about import duties
        what the {supplier} contract says about tariffs
        whose money pays the border taxes on {supplier} deliveries
        {supplier}'s position on who pays customs
        as to who must bear customs duties, ourselves or {supplier}
        by whom import duties are payable under the deal with {supplier}
        from whose budget the duty on {supplier} cargo is paid
        how much of the tariff burden stays with {supplier}
        in whose lap the customs invoice for {supplier} goods lands
        to which party the {supplier} contract assigns tariffs
        what part of the import duties {supplier} has to contribute
        what the rule is on customs levies when {supplier} ships from abroad
        where the cost of tariffs ends up in the {supplier} agreement
        whether {supplier} owes us back the duty we advanced to customs
        whether a tariff surcharge from {supplier} is permitted
        whether customs can come to us for the duty on {supplier} freight
        whether it is up to {supplier} to pay at the border
        whether I should put duty on top of the {supplier} price
        whether the seller, {supplier}, has accepted all import charges
        if any duty on {supplier} merchandise is chargeable to us
        if {supplier} has to compensate us for import taxes
        if the buyer rather than {supplier} is the one paying customs
        if tariffs are half ours and half {supplier}'s
        who has agreed to fund import levies, {supplier} or our side
        who is named as payer of duties in the contract with {supplier}
        who loses money when tariffs rise, {supplier} or our company""",
        """the tariffs
        tariffs
        the import duties
        customs duties
        import taxes
        the customs costs
        tariffs and duties
        the import tariffs
        customs
        duties
        the tariff costs
        import charges
        the customs bill
        border taxes
        the tariff clause
        responsibility for customs duties
        the split of tariffs
        customs fees
        import duty
        the allocation of import duties
        the duty on imported goods
        who bears import levies
        the payer of customs duties
        tariff surcharges
        passing on tariffs
        the customs burden
        duties at the border
        levies on imports
        new tariffs from the government
        import costs such as customs duty
        who pays at customs
        sharing import duties between the parties
        the tariff risk
        delivery duty paid or unpaid
        customs levies and who bears them""",
    ),
    "payment": _asking(
        """How long do we have to pay {supplier}?
        How many days do we have to pay {supplier}?
        When do we have to pay {supplier}?
        When is payment to {supplier} due?
        When are invoices from {supplier} due?
        By when must we pay invoices from {supplier}?
        How soon must we pay {supplier}?
        How quickly does {supplier} want its money?
        Within how many days must we pay {supplier}?
        What are the payment terms with {supplier}?
        What payment terms do we have with {supplier}?
        What payment deadline does {supplier} give us?
        Which payment term did we agree with {supplier}?
        Net how many days with {supplier}?
        Is {supplier} net 30 or what?
        {supplier} payment terms?
        {supplier}: days to pay?
        Payment term {supplier}?
        How much time is there to settle {supplier}'s invoices?
        How much time do we have for the invoice of {supplier}?
        I got an invoice from {supplier}, when is it due?
        An invoice from {supplier} came in. How many days do we have?
        How long can we wait before we pay {supplier}?
        After how many days are {supplier} invoices due?
        Do we have to pay {supplier} right away?
        What credit period does {supplier} give us?
        How many days until a {supplier} bill is due?
        {supplier} just sent us a bill. How long can it sit on my desk?
        The accountant is asking when {supplier} has to get the money.
        By what date do we owe {supplier} the money once the invoice is in?
        How patient is {supplier} when it comes to getting paid?
        How long does {supplier} give its customers to pay up?
        Accounts payable wants to know the due date rule for {supplier}.
        What's the clock on {supplier}'s invoices?
        Tell me the number of days we have to settle up with {supplier}.
        Remind me of the payment terms in the {supplier} contract.
        If {supplier} bills us today, when must the transfer leave our bank?
        When would we be overdue with {supplier}?
        How late can I pay {supplier} without breaking the contract?
        At what point does a {supplier} invoice become overdue?
        Do we have a few weeks to pay {supplier}, or is it cash on the spot?
        Does {supplier} expect the money immediately?
        Does {supplier} let us pay later, and how much later?
        {supplier} keeps chasing us for money. Is the invoice even due yet?
        Got a dunning letter from {supplier}. Were we really too slow in paying?
        Cash is tight this month. How long may we hold back the transfer to {supplier}?
        What trade credit do we get from {supplier}?
        For how long does {supplier} extend us credit on what we bought?
        How many days net does the {supplier} agreement say?
        I want to schedule the bank transfer to {supplier}. What's the latest day allowed?
        Finance needs the terms of payment for {supplier}, please.
        With {supplier}, how many days run between invoice and due date?
        Invoices by {supplier} have to be cleared within what time?
        Please check the deadline for settling bills from {supplier}.
        What did we promise {supplier} about paying on time?
        What is the maximum time we may take to pay {supplier}?
        When should I release the money for {supplier}?
        Our treasurer is planning cash flow: when does money for {supplier} have to go out?
        What does the contract say about settling {supplier}'s bills?
        Can we let an invoice from {supplier} wait until the end of next month?
        Can {supplier} demand its money the moment the goods arrive?
        Must we pay {supplier} on receipt of the invoice?
        Is payment to {supplier} due on receipt or some days later?
        Is there any payment window with {supplier}?
        What's the payment window {supplier} has granted us?
        Give me the invoice due period for {supplier}.
        {supplier} invoices: net how long?
        {supplier}, payable within what?
        Days payable for {supplier}?
        Due date for {supplier} bills?
        Credit terms at {supplier}?
        Paying {supplier}, what's the time limit?
        How many days after the bill arrives does {supplier} want to see the cash?
        How long until we are in default on a {supplier} invoice?
        From when could {supplier} say we are late payers?
        Since when is the invoice from {supplier} overdue, counting by the contract?
        How much breathing room do we have before {supplier} must get its money?
        I don't want to pay {supplier} too early. What is our term?
        Nobody told me when to pay {supplier}. What have we agreed?
        The invoice from {supplier} doesn't mention a due date. What does the contract say?
        There is a {supplier} invoice in my tray. Is it urgent?
        We received the bill of {supplier} yesterday. Until when must it be paid?
        How fast do we need to cough up the money for {supplier}?
        When do we have to fork out for what {supplier} billed?
        When does {supplier} expect to see funds in its account?
        When is it time to square the account with {supplier}?
        Does {supplier} insist on prompt payment, or do we have some time?
        Do we pay {supplier} in advance or after a certain number of days?
        Doesn't {supplier} give us a good while to pay?
        Don't we have longer than that to pay {supplier}?
        Isn't {supplier} asking for its money too early?
        Are we already late with the money for {supplier}?
        Are we supposed to pay {supplier} straight after invoicing?
        Up to how many days can we delay payment to {supplier}?
        What payment period has been fixed in the contract with {supplier}?
        Which due date applies when {supplier} sends an invoice?
        What number of days do I enter in the system as payment term for {supplier}?
        I'm setting up {supplier} as a creditor. What terms of payment do I put in?
        Kindly confirm the agreed period for payment of invoices issued by {supplier}.
        Could you let me know when amounts invoiced by {supplier} fall due?
        Please, how many days we have for paying the invoice of {supplier}?
        Within which time invoice from {supplier} must be paid?
        So when's payday for {supplier}?
        Ugh, {supplier} wants money again. How long have I got?
        Look up how quickly we are obliged to pay {supplier}.
        Say we stretch things with {supplier} a bit. What is the last day to pay the bill?
        We owe {supplier} for the last shipment. How many days are left to settle up under our terms?
        According to our terms, on what day does a {supplier} invoice mature?
        Am I allowed to park the {supplier} bill for another two weeks?
        Any rush with paying {supplier}?
        As of which day are we behind on what we owe {supplier}?
        Assuming the invoice is dated the 1st, when must {supplier} be paid?
        Bookkeeping here. Payment target for {supplier} please.
        Counting from the invoice date, how long before {supplier} must be paid?
        Creditor {supplier}, payable in how many days?
        Did we settle on 14, 30 or 60 days for paying {supplier}?
        Due in how many days, the bills of {supplier}?
        Enlighten me: how many days' grace for paying does {supplier} allow after billing?
        Ever since the switch to the new contract, how long may we take to pay {supplier}?
        For the payment run: by when does {supplier} have to be included?
        Has the deadline for the open {supplier} invoice already passed, going by our contract?
        Have we agreed immediate payment with {supplier} or something longer?
        Hi, quick one, when's the {supplier} bill supposed to be paid by?
        I'd rather keep the cash a little longer. Will {supplier} tolerate that, and up to which day?
        If I approve the bill of {supplier} only next Friday, is that still in time?
        In what timeframe are we to remit the invoiced amount to {supplier}?
        Invoice {supplier} arrived, pay until when?
        Is a sixty day target okay for {supplier} invoices?
        Is it cash on delivery at {supplier} or on account?
        Just how long can we drag our feet over a {supplier} invoice?
        Kindly indicate the maturity of invoices received from {supplier}.
        Let me know how long the billing department of {supplier} has to wait for its money.
        May we hold off on paying {supplier} till quarter end?
        My approval is pending on a {supplier} invoice. When does it have to be through at the latest?
        Need payment target {supplier} for master data.
        Of how many days is the payment delay with {supplier}, contractually?
        On what terms do we buy from {supplier}, cash up front or thirty days?
        Our bank wants to know how many days of credit we enjoy at {supplier}.
        Please state the contractual time for remittance to {supplier}.
        Should the transfer to {supplier} go out this week, or does the contract leave us more time?
        Someone at {supplier} claims we pay too slowly. What time to pay does the agreement grant us?
        The controller asks what our payable days at {supplier} are.
        Treasury would like to pay {supplier} as late as permitted. Which day is that?
        Was it thirty days after invoice for paying {supplier}, or am I mixing something up?
        What's the agreed time span from receiving a bill to wiring {supplier} the money?
        You pay {supplier} after how many days normally, by contract?""",
        """how long we have to pay {supplier}
        how many days we have to pay {supplier}
        when we have to pay {supplier}
        when invoices from {supplier} are due
        what the payment terms with {supplier} are
        what payment term we have with {supplier}
        by when {supplier} must be paid
        how soon {supplier} wants to be paid
        when payment to {supplier} is due
        within how many days we must pay {supplier}
        how many days net we have at {supplier}
        how many days {supplier} gives us to settle an invoice
        what credit terms {supplier} grants us
        how much time {supplier} allows for payment
        what the invoice due date is under the {supplier} agreement
        how fast we need to transfer the money to {supplier}
        when {supplier} must have the money in its account
        what the latest day for paying {supplier} is
        how late we may pay {supplier}
        whether {supplier} wants its money right away
        whether we can wait a while before paying {supplier}
        whether bills from {supplier} are payable on receipt
        if {supplier} gives us time to pay
        if we have to pay {supplier} immediately
        if {supplier} grants us any credit period
        after how many days we are in default with {supplier}
        at what point {supplier} can send us a payment reminder
        what we agreed with {supplier} on terms of payment
        which payment deadline the {supplier} contract sets
        which number of days applies to invoices of {supplier}
        the net days on {supplier} invoices
        the payment window with {supplier}
        the time we have to clear {supplier}'s bills
        {supplier}'s payment deadline
        {supplier}'s terms for settling invoices
        how long we can hold on to the cash before {supplier} is owed it
        until when the outstanding {supplier} bill has to be settled
        how long accounts payable can sit on an invoice by {supplier}
        when the money for {supplier} has to go out
        as of which day we owe {supplier} the invoiced money
        by what deadline accounts must remit to {supplier}
        counting from the invoice date, when {supplier} has to be paid
        for how many days {supplier} lets us buy on credit
        how long {supplier} has to wait for its money
        how many weeks may pass before we pay {supplier}
        how much longer I can put off the transfer to {supplier}
        on what day a {supplier} invoice matures
        the agreed payment target at {supplier}
        the last date for remitting money to {supplier}
        the period between billing and payment for {supplier}
        what we have to enter as days payable for {supplier}
        what time to pay we negotiated with {supplier}
        whether it is cash on delivery or on account with {supplier}
        whether thirty days is right for paying {supplier}
        whether the bill from {supplier} is overdue yet
        whether we pay {supplier} up front or after invoicing
        if I can leave the {supplier} invoice until next month
        if the deadline for paying {supplier} has passed already
        if there is any hurry in paying {supplier}
        in how many days a bill from {supplier} falls due
        until which day {supplier} has to put up with an unpaid bill""",
        """the payment term
        payment terms
        the payment terms
        the payment deadline
        the due date of invoices
        payment
        paying invoices
        the payment period
        the invoice term
        days to pay
        the terms of payment
        the invoice due date
        the credit period
        credit terms
        the number of days to pay
        the time limit for paying invoices
        the deadline for settling bills
        net days
        the payment window
        the time allowed for payment
        the payment due date
        invoice settlement
        the agreed time to pay
        the deadline for paying the bill
        the payment target
        when bills are payable
        the maturity of invoices
        supplier credit
        the days payable
        how fast invoices must be paid
        remittance deadlines
        settling accounts on time
        invoice payment timing
        the time between invoice and payment
        when the bill has to be paid
        paying on account
        the net payment days
        the deadline for our bank transfer""",
    ),
    "warranty": _asking(
        """How long is the warranty from {supplier}?
        How long is the warranty on {supplier} products?
        How long does the warranty of {supplier} last?
        How many months of warranty does {supplier} give?
        How many months are {supplier} goods under warranty?
        What warranty does {supplier} give us?
        What warranty do we have with {supplier}?
        What is {supplier}'s warranty period?
        What's the warranty at {supplier}?
        What guarantee does {supplier} give?
        How long is the guarantee of {supplier}?
        For how long does {supplier} guarantee its goods?
        Does {supplier} give a warranty, and how long?
        Is there a warranty on things from {supplier}?
        Are {supplier} products under warranty?
        {supplier} warranty?
        {supplier}: how long is the warranty?
        Warranty period {supplier}?
        Until when can we claim defects from {supplier}?
        How long must {supplier} fix defects for free?
        If something from {supplier} breaks, how long are we covered?
        How long will {supplier} replace faulty goods?
        How long can we send broken things back to {supplier}?
        How many months does {supplier} stand for defects?
        Something from {supplier} broke. How long is the warranty?
        A part from {supplier} failed last night. Are we still covered?
        The pump we bought from {supplier} is leaking. Can we still have it fixed at no cost?
        How long is {supplier} on the hook for faulty goods?
        If it breaks long after delivery, does {supplier} still have to replace it?
        What's the warranty like at {supplier}?
        When does our right to free repairs from {supplier} end?
        Does {supplier} stand behind its products, and for how long?
        How long does {supplier} stand behind what it sells?
        {supplier}: guarantee, how many months?
        {supplier} guarantee length?
        Warranty months for {supplier}?
        Warranty with {supplier}, how long?
        Months of guarantee at {supplier}?
        Tell me the warranty term for {supplier}.
        Tell me how long we can complain to {supplier} about faulty parts.
        Please look up the guarantee period agreed with {supplier}.
        Please confirm the duration of the warranty granted by {supplier}.
        Kindly state for how long {supplier} warrants its goods against defects.
        Could you check how long products of {supplier} are guaranteed?
        How long we have warranty for the things of {supplier}?
        How many month is the warranty of {supplier}?
        Some of the stuff from {supplier} is junk. Until when will they replace it?
        Half of the units {supplier} delivered are broken already. Is that under guarantee?
        The {supplier} machine has stopped working. Do we pay for the repair or is it still under warranty?
        We found a flaw in the {supplier} parts months after they came. Can we still make a claim?
        Maintenance reports a cracked housing from {supplier}. Is it too late for a warranty claim?
        Is it too late to make {supplier} fix a faulty unit?
        Is the stuff from {supplier} guaranteed?
        Is there any guarantee on what {supplier} sells us?
        Is {supplier} still obliged to repair items we bought last year?
        Are faulty goods from {supplier} replaced free of charge, and until when?
        Are we covered if {supplier}'s products turn out to be defective?
        Do we get a decent warranty from {supplier}?
        Do we have a guarantee on {supplier} goods?
        Don't we have a warranty with {supplier} for cases like this?
        Doesn't {supplier} have to replace defective pieces for some time?
        Does the contract with {supplier} include a warranty?
        Does {supplier} repair defective units for free, and for how long after delivery?
        Does {supplier} promise its goods will last for a certain time?
        Will {supplier} replace a unit that fails after a few months?
        Will {supplier} make good a defect that shows up later?
        Can we still send a faulty item to {supplier} for free repair?
        Can I still complain to {supplier} about bad quality from last winter's delivery?
        How much time do we have to report faults in goods from {supplier}?
        How much warranty do we get on {supplier} equipment?
        How generous is {supplier} with its warranty?
        How far does the guarantee of {supplier} reach in months?
        How long after delivery does {supplier} answer for defects?
        How long after purchase can we claim a replacement from {supplier}?
        How long is {supplier} responsible for the quality of its goods?
        How long can we hold {supplier} to its promise that the goods are free of faults?
        What period of warranty did we negotiate with {supplier}?
        What is the warranty coverage in months for {supplier}?
        What is the time limit for claiming defects against {supplier}?
        What does the contract say about defective goods from {supplier}, for how long are they replaced?
        What guarantee period did {supplier} sign up to?
        What if something by {supplier} gives up the ghost, how long is it guaranteed?
        Which warranty period applies to goods bought from {supplier}?
        Until when does {supplier} have to repair things at its own expense?
        Until what month after delivery can we turn to {supplier} with faults?
        Up to how many months after delivery does {supplier} fix faults?
        From the day of delivery, how many months does {supplier} guarantee the goods?
        I need the warranty duration for {supplier}.
        I want to know how many months {supplier} vouches for its goods.
        I have a dead unit from {supplier} here. Is it still within the warranty?
        My sensor from {supplier} died. Who fixes it for free and until when?
        Quality control is asking how long {supplier} is bound to remedy defects.
        The plant manager wants to know the guarantee {supplier} offers on its products.
        If a {supplier} component fails early, how long do we have to get a new one for free?
        If a fault turns up, how many months do we have to take it up with {supplier}?
        In case of defects, how long is {supplier} bound to help?
        Under the agreement, how long must {supplier} put defects right?
        Once the goods are accepted, how long does {supplier} remain answerable for flaws?
        Things from {supplier} keep falling apart. For how many months must they make that good?
        Not again, another dud from {supplier}. Is it still guaranteed?
        These {supplier} valves wear out too soon. For how long do they come with a guarantee?
        Check whether the {supplier} goods are still in warranty.
        Give me the number of months {supplier} guarantees its products for.
        A customer returned a device because of a bad {supplier} component. Can we claim it under warranty from them?
        According to the contract, when does {supplier} stop being liable to repair defective goods?
        Am I still in time to lodge a defect claim with {supplier}?
        Any warranty at {supplier}, and of what length?
        As regards material and manufacturing defects, what term of warranty has {supplier} granted?
        Assuming a motor from {supplier} burns out in its second year, is it replaced without charge?
        Before I order a replacement at our cost: does {supplier} still owe us one under the guarantee?
        By what date do I have to return the dud from {supplier} to get it swapped for nothing?
        Counting from receipt, how many months of cover against defects do we have with {supplier}?
        Did {supplier} give us one year or two on faults?
        During what period is {supplier} obliged to remedy defects at no charge?
        Engineering found hairline cracks in {supplier} castings. Has the guarantee lapsed?
        Ever had a look at how long {supplier} vouches for quality? I need the months.
        For faults that only surface later, how long does {supplier} accept claims?
        Got a lemon from {supplier}. Who repairs it, and is the guarantee still running?
        Has the guarantee on last spring's goods from {supplier} expired?
        Have we any right to a free swap if {supplier}'s item conks out?
        Hello, what warranty duration should I note down for {supplier}?
        I bought twelve drives from {supplier}, three are dead on the bench. How long does the warranty run?
        In months, please: guarantee of {supplier}.
        Is one year all the warranty {supplier} grants?
        It broke again! Does {supplier} still have to mend it for nothing?
        Just for the file, how many months does {supplier} warrant freedom from defects?
        Let me know until when I may reclaim a bad part at {supplier}.
        May we return malfunctioning equipment to {supplier} for repair under guarantee, and how long?
        My technician asks if {supplier} still repairs this model under guarantee.
        Need guarantee period {supplier} for the maintenance plan.
        Of what duration is the defects liability period agreed with {supplier}?
        On {supplier} hardware, after how many months are repairs at our own cost?
        Our complaints desk must know how many months {supplier} has to stand good for its workmanship.
        Please quote the warranty expiry rule in the agreement with {supplier}.
        Quality of the {supplier} batch is awful. For how long may we demand rework or replacement?
        Say a bearing from {supplier} seizes up after a year and a half. Covered or not?
        Suppose the goods prove unfit after some months, must {supplier} still rectify that?
        The thing from {supplier} is kaput, guarantee is still good?
        There's rust on everything {supplier} sold us. Is that still their problem under the warranty?
        To what extent in time does {supplier} guarantee its workmanship?
        We noticed the fault in the {supplier} unit only today. Has the claim period run out?
        When can {supplier} say "sorry, out of warranty"?
        Would a breakdown after ten months still be repaired free by {supplier}?""",
        """how long the warranty from {supplier} is
        how long {supplier} gives warranty
        how many months of warranty {supplier} gives
        what warranty {supplier} gives us
        what the warranty period of {supplier} is
        how long the guarantee of {supplier} lasts
        how long goods from {supplier} are under warranty
        what guarantee we get from {supplier}
        how long {supplier} must repair defects for free
        for how many months {supplier} guarantees its products
        how long {supplier} stands behind its products
        how long {supplier} is on the hook for defects
        how long {supplier} has to put faults right at no cost
        how many months the guarantee from {supplier} runs
        how long after delivery we can claim defects against {supplier}
        how long {supplier} will swap broken units for new ones
        how much warranty we get from {supplier}
        when the warranty on {supplier} goods expires
        until when {supplier} must repair faulty items
        until when we can complain to {supplier} about defects
        up to how many months {supplier} replaces faulty goods
        what guarantee period we agreed with {supplier}
        what the duration of {supplier}'s warranty is
        what time limit there is for defect claims against {supplier}
        which warranty term is in the {supplier} contract
        whether {supplier} gives us any guarantee
        whether goods from {supplier} are guaranteed
        whether a broken unit from {supplier} is still under warranty
        whether {supplier} still has to fix a fault months after delivery
        whether we can still get a faulty {supplier} part replaced for free
        if {supplier} offers a warranty and for how many months
        if {supplier} repairs defective goods free of charge
        if we are covered when something from {supplier} breaks
        if it is too late to make a warranty claim against {supplier}
        {supplier}'s warranty period
        {supplier}'s guarantee on its goods
        the warranty term of {supplier}
        the number of months {supplier} warrants its goods
        for how long {supplier} vouches for its products
        for what period {supplier} answers for hidden flaws
        after how many months repairs of {supplier} goods are at our own cost
        as to the defects liability period granted by {supplier}
        at what point {supplier} may refuse a repair as out of warranty
        by what date a dud from {supplier} has to be returned for a free swap
        counting from receipt, how long {supplier} covers faults
        during what period {supplier} remedies defects without charge
        how late a hidden fault can still be held against {supplier}
        how long we may demand rework or replacement of bad goods from {supplier}
        how many years {supplier} warrants its workmanship
        in what time frame faults must be claimed from {supplier}
        the expiry of the guarantee on {supplier} equipment
        the months of cover against defects with {supplier}
        to what date {supplier} has to mend what breaks
        what cover we have for breakdowns of {supplier} machines
        what term {supplier} has given on manufacturing defects
        whether {supplier} warrants its goods for one year or two
        whether the guarantee on older {supplier} goods has lapsed
        whether we are still in time to lodge a defect claim with {supplier}
        whether a malfunctioning {supplier} unit gets mended for nothing
        if a breakdown after a year is still covered by {supplier}
        if {supplier} owes us a new one for the item that failed
        if there is a warranty left on what we bought from {supplier}""",
        """the warranty
        warranty
        the warranty period
        the guarantee
        warranty months
        defects and warranty
        the product warranty
        the guarantee period
        the length of the warranty
        the warranty term
        the warranty duration
        the guarantee on the goods
        the guarantee term
        warranty coverage
        the product guarantee
        the time limit for defect claims
        free repair of defective goods
        replacement of faulty goods
        the months of guarantee
        the warranty on defects
        the period for claiming defects
        the expiry of the warranty
        the defects liability period
        how long faults are covered
        free replacement of broken units
        the seller's guarantee against defects
        repairs under warranty
        the manufacturer's guarantee
        hidden defects and how long they can be claimed
        goods that fail after delivery
        remedying defects free of charge
        guaranteed freedom from defects
        the end of the guarantee
        cover for breakdowns of the goods
        returning faulty items under guarantee""",
    ),
    "termination": _asking(
        """How can we get out of the contract with {supplier}?
        How much notice must we give {supplier}?
        How much notice do we need to leave {supplier}?
        How many days of notice does {supplier} need?
        How many days' notice to end the contract with {supplier}?
        How long is the notice period with {supplier}?
        What is the notice period with {supplier}?
        What's the cancellation period for {supplier}?
        What notice is needed to terminate {supplier}?
        With how much notice can we terminate the contract with {supplier}?
        When can we cancel the contract with {supplier}?
        How fast can we get rid of {supplier}?
        How quickly can we end things with {supplier}?
        Can we cancel {supplier}, and how fast?
        Can {supplier} just quit the contract?
        We want to leave {supplier}. How long is the notice?
        If we want to cancel {supplier}, how much notice is required?
        If {supplier} wants out, how much notice must it give?
        {supplier} notice period?
        {supplier}: how do we cancel?
        Termination notice {supplier}?
        Cancellation notice for {supplier}?
        How long are we bound to {supplier} after giving notice?
        How early do we have to cancel {supplier}?
        How many days ahead must we terminate {supplier}?
        We've had it with {supplier}. How long before we're free of them?
        Suppose we walk away from {supplier} tomorrow. How long would we still be tied in?
        Our board wants to drop {supplier}. What advance warning do we owe them?
        If I sent {supplier} a cancellation letter today, when would the contract be over?
        {supplier} is no longer a fit for us. How many days before exit must we tell them?
        I want to part ways with {supplier}. What lead must I give in writing?
        Are we locked in with {supplier}, or can we pull the plug at short notice?
        Tell me the contractual exit window for {supplier}.
        How soon could the agreement with {supplier} be brought to an end?
        Can we ditch {supplier} overnight, or is there a waiting time?
        How much warning would {supplier} have to give us before walking away?
        Once we've served notice on {supplier}, how many days until the contract lapses?
        Give me the number of days' notice agreed with {supplier} for ordinary termination.
        {supplier} might drop us. How long would we have to find a replacement?
        Please state the termination period stipulated in the agreement with {supplier}.
        We're switching vendors. How far in advance do we need to notify {supplier}?
        How long does the contract with {supplier} keep running after someone cancels it?
        Is it possible to leave {supplier} without any notice?
        Does the contract with {supplier} require a notice period, and if so how long?
        I'm drafting the goodbye letter to {supplier}. What notice do I put in?
        For leaving {supplier}, how many days before we must inform?
        If we say goodbye to {supplier}, when are we actually out?
        Just tell me how to get rid of {supplier} and how long it takes.
        What's our way out of the {supplier} agreement, and how long does it take?
        Can we unwind the arrangement with {supplier} quickly?
        Nobody is happy with {supplier} anymore. What is the soonest we can stop working together?
        When does the contract end if we resign it with {supplier} now?
        We found someone cheaper than {supplier}. How quickly can we switch without breaching the contract?
        How many days pass between giving {supplier} notice and the end of the contract?
        {supplier} wants to stop supplying us altogether. How many days' warning are we entitled to?
        I need the offboarding timeline for {supplier}: how long from notice to exit?
        Could {supplier} leave us from one day to the next?
        Is there a cooling-off or notice time before we can quit {supplier}?
        If management decides to stop the relationship with {supplier}, how long are we still bound?
        How easy is it to exit the deal with {supplier}?
        We'd like to discontinue our cooperation with {supplier}. What deadline applies?
        Not going to continue with {supplier}. When is the earliest end date after notice?
        What do we have to observe when cancelling {supplier}?
        By when must {supplier} hear from us if we want the contract ended?
        Check the exit clause with {supplier} for me.
        What does the termination clause with {supplier} say?
        How long is the run-out after cancellation at {supplier}?
        How long are we stuck with {supplier} if we quit today?
        My boss asks how many days it takes to cut ties with {supplier}.
        Let me know how long in advance a cancellation must reach {supplier}.
        Does {supplier} let us cancel at short notice?
        We plan to replace {supplier}. When should the letter go out?
        With {supplier} the relationship is finished for me. How long until it is finished on paper?
        On what notice can either side end the contract with {supplier}?
        Is the contract with {supplier} terminable, and with how many days' notice?
        How long would {supplier} have to keep serving us after quitting?
        Thinking of firing {supplier}. What's the minimum warning we have to give?
        Breaking up with {supplier}: how many days does that take?
        What happens if we want to end the cooperation with {supplier}?
        Should we decide against keeping {supplier}, how many days in advance must we speak up?
        In case of resignation from the contract with {supplier}, what period must be respected?
        We are fed up with {supplier} and want out. How fast does that go?
        How flexible are we if we want to move away from {supplier}?
        The contract with {supplier} has no end date. How do we stop it, and how soon?
        Do we have to warn {supplier} long before we leave?
        I've been told we can't just walk out on {supplier}. How long must we wait?
        How many days must elapse before a termination of {supplier} becomes effective?
        What if {supplier} cancels on us, how much time do we have left under the contract?
        Our strategy is to phase out {supplier}. Which cancellation deadline did we sign?
        Find out what period of notice we agreed with {supplier}.
        Can the contract with {supplier} be terminated at any time?
        Tomorrow I'd like to be done with {supplier}. Realistic, or does the contract make us wait?
        How long beforehand do I have to announce that we're leaving {supplier}?
        Days' notice to quit {supplier}?
        Exit terms with {supplier}?
        {supplier} exit period, please.
        {supplier}: days to get out?
        {supplier}'s cancellation terms?
        {supplier}'s contract needs to go. How many days' notice is that?
        Under the deal with {supplier}, how many days in advance must a party give notice?
        I'd be grateful for the notice requirement that applies to ending our agreement with {supplier}.
        So we hand in our notice to {supplier}. Then how long does it take?
        How long does {supplier} remain our contract partner after we have cancelled?
        If things go sour with {supplier}, how soon can we leave?
        Are we free to leave {supplier} whenever we like, or do we have to announce it first?
        Procurement has voted {supplier} off the list; what's the shortest legal goodbye?
        Assuming the letter lands on {supplier}'s desk on the first of the month, on what day are both sides free?
        Kindly advise which period of notice governs a dissolution of our contract with {supplier}.
        Is a month's warning enough to leave {supplier}, or does the contract ask for more?
        Pulling out of {supplier}: thirty days, sixty, ninety?
        Between us, how painful is a divorce from {supplier} in terms of waiting days?
        Until when must I put up with {supplier} if I hand in the cancellation this afternoon?
        Hey, quick one, what's the kick-out period for {supplier}?
        I have to fill in "notice (days)" on the form for {supplier}. Which number goes there?
        How many days separate a written cancellation to {supplier} from the final day of the contract?
        May {supplier} abandon us mid-season without telling us weeks ahead?
        Does anyone remember how much advance notice our lawyers agreed for a split from {supplier}?
        The new director will not keep {supplier}. Advise on the severance interval.
        Which lead time for a cancellation is laid down in our agreement with {supplier}?
        For to finish the contract with {supplier}, what is the delay of notice please?
        Let's assume {supplier} resigns as our vendor next week; for how many days is it obliged to carry on?
        Need to give {supplier} the boot. Days?
        Retrieve the number of days that must be observed for a termination of {supplier}.
        I'm weighing up whether to stay with {supplier}; what would leaving involve, notice-wise?
        Could we be shot of {supplier} by the end of the month if we wrote today?
        Who can call off the agreement with {supplier}, and with what forewarning?
        It says somewhere how many days you must wait after resigning from {supplier}. How many?
        Are there handcuffs in the contract with {supplier}, or may we depart when it suits us?
        Before I ring {supplier} and tell them it's over, how much warning does the contract oblige us to give?
        Our plant closes in autumn and then we won't need {supplier} at all. When at the latest do I have to cancel?
        Same-day cancellation of {supplier} possible, yes or no?
        Notice days, {supplier}, both directions.
        The agreement with {supplier} should cease at year-end; what is the last date for sending the letter?
        What is the contractually required forewarning for severing the relationship with {supplier}?
        I'd rather not be tied to {supplier} any longer. How many more days would I have to endure after cancelling?
        Would a cancellation of {supplier} take effect immediately or only after some period?
        How does one withdraw from the contract with {supplier}, and what time must be allowed?
        Suppose {supplier} pulls out on its own initiative: how many days does that leave us to react?
        Sales claims we can shed {supplier} within two weeks. Does the contract back that up?
        Contract with {supplier} to be stopped. Please inform the applicable notice.
        In how many days could I replace {supplier}, counting from the day I serve the termination?
        What's the wait between telling {supplier} "we quit" and actually having quit?
        So, hypothetically, if I were to sack {supplier}, how far ahead would I have to say so?
        Has a fixed number of days been set for terminating the cooperation with {supplier}?
        The auditors want to see the revocation period of the supply agreement with {supplier}.""",
        """how much notice we must give {supplier}
        how long the notice period with {supplier} is
        how we can end the contract with {supplier}
        how fast we can cancel {supplier}
        how many days of notice {supplier} needs
        what the notice period of {supplier} is
        when we can terminate the contract with {supplier}
        how early we have to cancel {supplier}
        how we get out of the contract with {supplier}
        what notice it takes to terminate {supplier}
        how soon we could walk away from {supplier}
        how much advance warning {supplier} must get before we leave
        how many days it takes to exit the agreement with {supplier}
        whether {supplier} can drop us from one day to the next
        what the exit clause with {supplier} says
        how long we stay tied to {supplier} after cancelling
        how far ahead we need to tell {supplier} that we are leaving
        whether we can quit {supplier} at short notice
        when the contract with {supplier} would end if we gave notice today
        how long {supplier} must keep working with us after it has quit
        what deadline applies for cancelling the deal with {supplier}
        how many days before leaving {supplier} we have to give notice
        what it takes to part ways with {supplier}
        how quickly the relationship with {supplier} can be wound up
        by when {supplier} must receive our cancellation
        whether we are locked in with {supplier} or free to go
        how much of a heads-up {supplier} is owed when we end the contract
        how long it takes to be rid of {supplier}
        on what terms the agreement with {supplier} may be terminated
        how long after notice the contract with {supplier} lapses
        what period of notice was agreed with {supplier}
        whether a notice period applies if we drop {supplier}
        how many days' warning {supplier} has to give before quitting
        what happens if we want to stop working with {supplier}
        what the termination clause for {supplier} looks like
        the earliest moment we can be out of the contract with {supplier}
        how soon we can replace {supplier} without breaching the contract
        whether {supplier}'s contract can be terminated at any time
        with how many days' notice either side can leave the {supplier} agreement
        how long in advance one must resign the contract with {supplier}
        on how short a warning we may sever ties with {supplier}
        which number of days stands in {supplier}'s termination paragraph
        until when we remain contractually married to {supplier} once the letter is sent
        whether a cancellation sent to {supplier} works immediately
        how much forewarning {supplier} can expect from us before a split
        what lead time a resignation from the {supplier} contract requires
        if {supplier} may abandon us without announcing it weeks before
        at what date our goodbye letter to {supplier} should go out for a year-end exit
        how binding the agreement with {supplier} is should we change our mind about staying
        what interval lies between serving notice on {supplier} and being free
        how many days we would have to put up with {supplier} after resigning
        what the contract demands of someone who wants to leave {supplier}
        for how many days {supplier} is obliged to carry on after pulling out
        whether thirty days are enough for a clean break with {supplier}
        in what time we could shed {supplier} legally
        how the cooperation with {supplier} can be dissolved and with what delay
        what waiting time stands between us and freedom from {supplier}
        how far ahead {supplier} would have to announce that it is abandoning us
        whether both we and {supplier} have the same number of days for giving notice
        when at the latest I have to resign from the deal with {supplier} so that it stops in december
        the number of days a termination of {supplier} has to be announced beforehand
        what the shortest lawful goodbye to {supplier} is""",
        """the notice period
        the termination notice
        termination
        cancelling the contract
        the cancellation period
        ending the contract
        notice
        terminating it
        the period of notice
        cancellation
        the exit clause
        the termination period
        the termination clause
        the way out of the contract
        days of notice
        getting out of the agreement
        the exit window
        the cancellation deadline
        terminating the agreement
        quitting the contract
        the notice requirement
        the cancellation terms
        contract exit
        the days' notice for leaving
        dissolving the contract
        advance warning before leaving
        severing the relationship
        walking away from the deal
        the required forewarning for an exit
        resignation from the contract
        the time between cancellation and exit
        ordinary termination by either party
        calling off the cooperation
        the number of days to give notice
        stopping the agreement early with notice
        breaking off the business relationship
        a withdrawal from the agreement and its notice
        how to quit""",
    ),
    "penalty": _asking(
        """What happens if {supplier} delivers late?
        What if {supplier} is late?
        What does {supplier} pay when it delivers late?
        What penalty does {supplier} pay for late delivery?
        What is the penalty if {supplier} is late?
        What's the late fee for {supplier}?
        How much does {supplier} pay per week of delay?
        How much penalty does {supplier} owe for delays?
        How high is the penalty for late delivery at {supplier}?
        How are delays by {supplier} punished?
        Does {supplier} pay a penalty for late delivery?
        Do we get anything when {supplier} is late?
        Do we get money back if {supplier} delivers too late?
        Can we charge {supplier} for delays?
        Can we fine {supplier} for late shipments?
        {supplier} is late. What do they owe us?
        {supplier} is two weeks late, what can we claim per week?
        {supplier} late delivery penalty?
        {supplier}: penalty for delay?
        Delay penalty {supplier}?
        What percentage do we get when {supplier} is overdue?
        What percent per week for late deliveries from {supplier}?
        What can we deduct if {supplier} misses the delivery date?
        What does it cost {supplier} to be late?
        Are there liquidated damages for delays by {supplier}?
        {supplier} missed the agreed date again. What compensation can we claim for each week?
        The crates from {supplier} should have been here ages ago. What do we get for that?
        Our goods from {supplier} still haven't shown up. Is there money in it for us?
        What does the contract let us dock from {supplier}'s invoice when a shipment is overdue?
        How much may we knock off the bill if {supplier} doesn't deliver on time?
        Is {supplier} punished financially for tardy deliveries?
        We're still waiting on {supplier}, and the date has passed. What do they owe per week?
        What's the weekly percentage {supplier} forfeits for overdue goods?
        Tell me what {supplier} has to cough up for every week they're behind.
        Suppose {supplier}'s truck arrives a few weeks after the deadline. What deduction are we entitled to?
        Does missing a deadline cost {supplier} anything?
        If the goods aren't here on the promised date, what must {supplier} pay us?
        I'm annoyed, {supplier} never sticks to the date. What can we charge them for it?
        Can we hit {supplier} with a penalty for being behind schedule?
        Please state the contractual penalty for default in delivery by {supplier}.
        What rate of liquidated damages applies when {supplier} is in delay?
        How expensive does it get for {supplier} when a shipment slips?
        Production stopped because {supplier} didn't show up on the agreed day. What weekly sanction applies?
        {supplier} blew the deadline. How much can we take off the price?
        What are the consequences for {supplier} if they miss the delivery date?
        Every week {supplier} keeps us waiting, what do we get back?
        Check whether {supplier} has agreed to a delay penalty and how much it is.
        Are there sanctions for late shipment in the contract with {supplier}?
        When {supplier} is behind, by what percentage does the price drop each week?
        For late arriving of goods, how much must {supplier} pay?
        Has {supplier} agreed to compensate us for delays?
        No goods yet from {supplier}, although they were due last week. What does this cost them?
        Do we get a discount from {supplier} if the order turns up after the due date?
        How much per week can we withhold if {supplier} is running behind?
        What is {supplier} charged when it fails to deliver by the agreed date?
        They promised Monday, it's Friday, and nothing from {supplier}. What can we claim for the wait?
        Does {supplier} owe us anything for turning up late with the goods?
        What's the price of tardiness for {supplier}?
        I want to bill {supplier} for the delay. Which percentage do I use?
        What weekly rate do I apply for the overdue order from {supplier}?
        By how much is {supplier}'s invoice cut for each week of delay?
        Are we allowed to penalise {supplier} for not delivering on time?
        What do we have in hand against {supplier} if their delivery drags on?
        Late again, {supplier}. How much do I deduct?
        If {supplier} lets us wait, what is our compensation per week?
        What teeth does the contract have when {supplier} is overdue with a delivery?
        Is {supplier} off the hook when the goods come too late, or do they pay?
        Our order at {supplier} has been delayed. What penalty can be invoked?
        How is late performance by {supplier} sanctioned under the contract?
        The shipment slipped by weeks and {supplier} only apologised. What are we owed under the contract?
        Give me the late delivery charge agreed with {supplier}.
        Look up the delay damages we agreed with {supplier}.
        What percentage of the order value does {supplier} lose per week of lateness?
        Who pays for it when {supplier} is late, and how much per week?
        Can we make {supplier} pay for keeping us waiting?
        How much of the purchase price do we save for each week {supplier} is overdue?
        Deadline passed, no truck from {supplier}. What's our weekly entitlement?
        Is it free of charge for {supplier} to deliver after the due date?
        Do we have a claim against {supplier} if the goods come after the date agreed?
        {supplier} informed us that the goods will slip. What reduction follows from that?
        {supplier} says the shipment will be delayed. What does the contract give us for that?
        {supplier} keeps pushing back the arrival date. At what rate can we penalise that?
        {supplier} didn't make it on time. What percent a week is that?
        {supplier}'s delivery is overdue. How much penalty has it run up per week?
        {supplier}'s penalty for missed deadlines?
        {supplier}'s late delivery clause, please.
        {supplier} overdue, what deduction?
        {supplier}: weekly delay rate?
        Delay damages agreed with {supplier}?
        Late charge per week, {supplier}?
        Liquidated damages with {supplier}: what rate?
        Weekly penalty rate when {supplier} doesn't ship on time.
        I'd like to know what fine awaits {supplier} for unpunctual delivery.
        Would {supplier} have to reimburse us something if the delivery is held up?
        We can't keep waiting for {supplier}. What do they pay for each lost week?
        If {supplier} exceeds the delivery time, how much may we deduct per week?
        Is a contractual penalty agreed in case {supplier} overruns the delivery date?
        My customer is furious because {supplier} is behind. What can I claim from them for every week?
        What financial pressure is there on {supplier} to be punctual?
        How costly is a week's delay for {supplier}?
        Remind me what {supplier} pays us when their goods come in after the date.
        What rebate is due from {supplier} for goods that turn up too late?
        Does the contract punish {supplier} for not being punctual?
        In the event of delayed delivery, what amount per week is payable by {supplier}?
        Another week gone and still nothing from {supplier}. What does each one cost them?
        Our contract surely bites when {supplier} dawdles with a shipment; what's the bite in percent?
        The pallets came in nineteen days after the promised day. What may I subtract from what {supplier} bills?
        Per started week of default in shipping, which sum falls due from {supplier}?
        Lorry from {supplier} a fortnight behind. Entitlement?
        Kindly indicate the demurrage-style penalty that {supplier} incurs for overrunning the agreed handover date.
        What's it worth to us, in cash, every time {supplier} drags its feet on an order?
        I have here a consignment that {supplier} handed over far too late; what credit note should I insist on?
        Did we negotiate any punishment for when {supplier} breaks its delivery promise?
        {supplier} tardy with the goods again!! what do they lose?
        If on the due date the ramp is still empty, what sanction hits {supplier}?
        By how many percent a week does the invoice shrink while {supplier} keeps us hanging?
        Could finance hold back part of the price because {supplier} shipped weeks after schedule, and which part?
        Is a shrug all we get when {supplier}'s goods roll in after the deadline, or is there money?
        Let me have the contractual rate for delivery default as regards {supplier}.
        How much is one week of tardiness priced at in the {supplier} contract?
        The parts were due on the 3rd, and {supplier} now talks of the 24th. What do those three weeks earn us?
        Is there any stick we can wave at {supplier} for shipping behind schedule?
        What must {supplier} fork out when a consignment overshoots its date?
        For the delay of shipment of {supplier}, which malus is foreseen?
        I'm preparing a claim for delayed goods against {supplier}; please supply the rate to apply.
        Customers are yelling since {supplier} let the date slide. Any weekly compensation agreed?
        Does the meter run against {supplier} for each week that an order is outstanding past its date?
        Tot up for me what a week's slippage sets {supplier} back.
        Unpunctuality charge, {supplier}, percent?
        Ought {supplier} to grant us a price cut seeing that the order turned up well past the agreed day?
        Which financial penalty did {supplier} accept in case its shipments lag behind the agreed calendar?
        When a truck from {supplier} limps in after the agreed date, do we still pay full price?
        I heard we can dock slow vendors a slice of the price. What slice for {supplier}?
        Suppose the next lot from {supplier} is held up for a month; what would that month cost them?
        Three reminders and the order is still not here. What's the weekly forfeit for {supplier}?
        What have we got in writing to sting {supplier} with when it ships behind time?
        Is the tardiness of {supplier} something we can put a euro or percent figure on under the contract?
        Please find how default of delivery is penalised at {supplier}.
        It's the second time that {supplier} let an agreed arrival day pass. What does the agreement award us?
        Must we swallow it when {supplier} delivers behind schedule, or may we cut the bill?
        How stiff is the punishment for {supplier} if goods don't make the deadline?
        Work out what share of the order price we get back from {supplier} per week of hold-up.
        The boss wants to punish {supplier} for the late truck. At which rate may we?
        What malus per overdue week is {supplier} subject to?""",
        """what happens if {supplier} delivers late
        what {supplier} pays for late delivery
        how high the penalty is if {supplier} is late
        what penalty {supplier} owes for delays
        how much {supplier} pays per week of delay
        what we get if {supplier} is late
        whether {supplier} pays a penalty for being late
        what we can charge {supplier} for late delivery
        what the late delivery penalty of {supplier} is
        what a delay costs {supplier}
        what {supplier} has to pay for missing the delivery date
        whether {supplier} is fined for late shipments
        how much we may deduct when {supplier} is overdue
        what weekly percentage {supplier} forfeits for delays
        how much we can knock off the invoice if {supplier} is behind schedule
        what compensation {supplier} owes us for every week we wait
        whether it costs {supplier} anything to miss a deadline
        what rate of liquidated damages applies to delays by {supplier}
        how tardy deliveries by {supplier} are sanctioned
        what we are owed when goods from {supplier} arrive after the due date
        by how much the price drops each week {supplier} is late
        what the consequences are if {supplier} doesn't deliver on time
        whether we can make {supplier} pay for keeping us waiting
        what late delivery charge was agreed with {supplier}
        how expensive a delayed shipment is for {supplier}
        what fine {supplier} faces when it overruns the delivery date
        if there is a contractual penalty for delay with {supplier}
        how much per week we can withhold while {supplier} is running behind
        what percent of the order value {supplier} loses for lateness
        whether {supplier} gets away with unpunctual delivery
        what we can claim if the shipment from {supplier} slips
        how much {supplier} has to cough up when it's late
        what discount we get if {supplier} turns up late with the goods
        whether the contract has sanctions for late delivery by {supplier}
        how much a missed deadline costs {supplier} per week
        what {supplier} owes when the goods are not here on time
        which delay damages {supplier} has accepted
        what deduction applies for overdue orders from {supplier}
        what happens financially when {supplier} keeps us waiting
        how {supplier}'s delays are made good in money
        what slice of the price we may keep when {supplier} ships behind schedule
        how stiff the punishment is if goods from {supplier} miss the deadline
        which malus {supplier} incurs per overdue week
        what credit note to insist on when {supplier} hands over a consignment too late
        how one week of tardiness by {supplier} is priced
        whether the meter runs against {supplier} once an order is past its date
        what sum {supplier} must fork out when a shipment overshoots the agreed day
        whether we have to swallow it when trucks from {supplier} show up behind time
        by what percent the bill shrinks while {supplier} keeps us hanging for the goods
        if there is any stick to wave at {supplier} for tardy shipping
        what {supplier} has accepted as punishment for breaking its delivery promise
        what share of the order price comes back to us when {supplier} drags its feet
        which sanction hits {supplier} if the ramp is empty on the due date
        at which rate default of delivery by {supplier} is penalised
        what every week of slippage sets {supplier} back
        the weekly forfeit for {supplier} in case of a hold-up
        whether full price is still due when {supplier} lets the arrival date pass
        how hard the contract stings {supplier} for goods that are not here in time
        what an order handed over three weeks after the agreed day earns us from {supplier}
        whether lagging shipments cost {supplier} part of the purchase price
        how unpunctuality of {supplier} translates into a price cut
        what lump percentage we bill {supplier} for weeks spent waiting on overdue material""",
        """the late delivery penalty
        late delivery
        the penalty for delays
        late deliveries
        the delay penalty
        penalties
        the late fee
        being late
        the penalty
        delays
        the fine for late delivery
        liquidated damages for delay
        the weekly penalty
        late shipment charges
        compensation for delays
        the deduction for overdue goods
        delay damages
        missed delivery dates
        the late delivery charge
        overdue deliveries
        the penalty clause
        the penalty rate per week
        the price of missing a deadline
        default in delivery
        the malus for tardy shipments
        punishing unpunctual delivery
        the weekly forfeit for overdue orders
        shipping behind schedule
        the price cut for goods arriving after the date
        broken delivery promises
        sanctions for slow shipments
        slippage of a shipment and what it costs
        an order that turns up weeks after the deadline
        the percentage for each week of delivery delay
        the unpunctuality charge
        credit for overdue consignments
        overrunning the agreed delivery date""",
    ),
    "liability": _asking(
        """How much is {supplier} liable for?
        How far is {supplier} liable?
        How far does the liability of {supplier} go?
        How high is the liability cap of {supplier}?
        Up to what amount is {supplier} liable?
        Up to how much is {supplier} liable for damage?
        What is the limit of liability for {supplier}?
        What's the liability limit at {supplier}?
        What is the most {supplier} has to pay in damages?
        What is {supplier}'s maximum liability?
        What is the cap on {supplier}'s liability?
        Is {supplier}'s liability limited?
        Is there a cap on damages with {supplier}?
        Is the liability of {supplier} capped?
        Does {supplier} limit its liability?
        At what sum is {supplier}'s liability capped?
        {supplier} liability cap?
        {supplier}: limit of liability?
        Maximum liability {supplier}?
        How much damages could we get from {supplier}?
        How much can we claim from {supplier} if they cause damage?
        If {supplier} ruins something, how much are they liable for?
        If {supplier} causes damage, what is the maximum we get?
        What is the highest claim we could make against {supplier}?
        Where does {supplier}'s liability end?
        {supplier} wrecked our production line. What's the most we could recover from them?
        Worst case, {supplier} causes a disaster at our plant. How much would they have to compensate?
        If something goes badly wrong because of {supplier}, what sum can we hold them to?
        Is there a ceiling on what {supplier} has to compensate?
        A faulty part from {supplier} set our warehouse on fire. How much of that can we claim?
        How deep does {supplier} have to dig into its pockets if it harms us?
        To what extent is {supplier} answerable for losses it causes?
        Does the contract with {supplier} put an upper bound on compensation?
        I need the maximum compensation amount {supplier} would owe us.
        What's our maximum recourse against {supplier}?
        {supplier} broke our machine. Up to what sum do they have to make it good?
        Can we sue {supplier} for the full loss, or is there a cap?
        Is {supplier}'s responsibility for losses unlimited?
        What ceiling did we agree on for damage claims against {supplier}?
        Where's the line above which {supplier} no longer compensates us?
        How many euros of damages can be recovered from {supplier}?
        Please confirm the aggregate liability limit applicable to {supplier}.
        If {supplier} messes up, what's the ceiling on compensation?
        Our legal team wants to know the limitation of liability in the {supplier} contract.
        How much is {supplier} on the hook for if they cause us a loss?
        Their fitter damaged our hall. What amount does {supplier} answer for at most?
        From what sum on is {supplier} no longer responsible for damage?
        Does {supplier} answer for everything it breaks, or only up to some amount?
        When we suffer a loss through {supplier}, how much can we get at most?
        Let's say a defect from {supplier} ruins a whole batch. What total could they owe us in damages?
        Has {supplier} capped what it pays for damage?
        For how high a loss will {supplier} take responsibility?
        What exposure does {supplier} have towards us for damages?
        How much could {supplier} be made to pay for a loss it caused?
        Would {supplier} have to pay for a huge loss in full?
        In case of damage by {supplier}, until which amount they must pay?
        Tell me the upper limit for claims against {supplier}.
        Look up the damages ceiling with {supplier}.
        Give me the liability cap in euros that applies to {supplier}.
        Is {supplier} fully liable, or is the amount restricted?
        At which point does {supplier} stop paying for harm it has done?
        How is {supplier}'s liability restricted?
        Our losses because of {supplier} are enormous. How much of them will we ever see back?
        The damage {supplier} did is serious. What does the contract let us recover?
        What's the biggest cheque {supplier} would ever have to write for damage?
        Someone at {supplier} made an expensive mistake at our site. What is their maximum responsibility?
        Are our damage claims against {supplier} limited to a certain sum?
        Can {supplier} hide behind a liability limit?
        How big is the risk {supplier} takes on for damage it causes?
        Does {supplier} have unlimited liability?
        What's the total {supplier} must answer for under the contract?
        What amount caps claims for compensation against {supplier}?
        We want compensation from {supplier} for a ruined machine. How high can we go?
        If we take {supplier} to court over a loss, what's the most the contract allows?
        Who carries the loss above {supplier}'s cap, and how high is that cap?
        By what figure is {supplier}'s liability bounded?
        Which sum limits what {supplier} owes for damage?
        How far can we hold {supplier} responsible for losses?
        How far would {supplier} have to compensate us if its product damages our equipment?
        What is the financial limit of {supplier}'s responsibility?
        Say {supplier} is at fault for a big loss. Where does their duty to compensate stop?
        {supplier} is to blame for a major breakdown here. What's the maximum payout we can demand?
        {supplier} flooded our workshop by mistake. How much must they make good?
        {supplier} contaminated our stock. How much can we recover from them?
        {supplier}'s fault, our loss. How much of it do they have to cover by contract?
        {supplier}'s damages cap, please.
        {supplier}'s limitation of liability?
        {supplier}: max damages?
        {supplier}, how much are they liable for at the very most?
        Liability ceiling for {supplier}?
        Compensation limit with {supplier}?
        Cap on claims against {supplier}?
        Damage caused by {supplier}: up to which amount?
        I wonder whether {supplier} accepts liability beyond a certain amount.
        Check how much we could get out of {supplier} if they harm our business.
        It's all {supplier}'s fault. How much do they have to pay us for the damage, tops?
        How well are we protected if {supplier} does us serious harm, in terms of the compensation limit?
        The contract limits what {supplier} owes for damage, right? What's the figure?
        Did {supplier} sign up to a liability limit, and what is it?
        For our risk register: what is the cap on {supplier}'s liability to us?
        Up to which ceiling does {supplier} stand for the harm it does?
        My insurer asks up to what amount we can hold {supplier} liable.
        Can we claim any amount from {supplier}, or is liability restricted?
        What would we get, at best, if {supplier} destroyed our equipment?
        Is there an amount beyond which {supplier} won't compensate our losses?
        An explosion caused by {supplier} would cost us millions; what portion could we legally demand?
        Put a number on it: the biggest sum {supplier} can ever be ordered to hand over for harming us.
        What threshold was written in above which our losses are no concern of {supplier}?
        Legal exposure of {supplier} to us, max euros?
        {supplier} has cost us a fortune through sheer carelessness. Is our claim chopped off at some figure?
        Kindly specify the quantum at which the contractual liability of {supplier} is restricted.
        Would {supplier} get away with paying only a fraction if it burned our factory down?
        How much skin does {supplier} have in the game if its mistake ruins us?
        Our CFO asks what amount of indemnification {supplier} owes as a maximum.
        Can the harm {supplier} does to us be claimed down to the last cent?
        Until which height {supplier} responds for the damages?
        What's the damage-claim lid in the {supplier} contract?
        At how many euros does the obligation of {supplier} to indemnify us run out?
        A leak from one of {supplier}'s machines destroyed the ground floor. To what figure may our lawyers go?
        hi, does {supplier} pay for all the damage it does or only a part? which part?
        Say the blame lies entirely with {supplier}: what figure tops out our compensation?
        Did anyone agree to let {supplier} limit what it owes for harm, and to how much?
        Before the lawyers sue {supplier} for our ruined stock, they need the maximum recoverable sum.
        What would {supplier} be good for if it brought our whole plant to its knees?
        Indemnity limit, {supplier}, thanks.
        How is the financial responsibility of {supplier} for harm it inflicts bounded, if at all?
        Would it be possible to hold {supplier} accountable for a loss of any size?
        State the sum past which {supplier} bears no further responsibility for harm.
        I'm afraid of a catastrophe at {supplier}'s hands. How much would come back to us at the outside?
        Which part of a ten-million loss could we pass on to {supplier} as the culprit?
        Has the contract a provision that trims damage claims against {supplier}, and where does it trim them?
        Say negligence on the part of {supplier} costs us our biggest customer; up to what total may we seek redress?
        Where have the parties drawn the upper bound for {supplier}'s obligation to make amends?
        Risk management wishes to learn for what maximum {supplier} stands in.
        I assume {supplier} doesn't answer for infinite sums. Which sum is it, then?
        Are we left holding the baby if the harm done by {supplier} exceeds some limit, and what limit?
        What is the greatest extent to which {supplier} can be held to account for wrecking our property?
        Liable without bounds or with a limit, what's the case at {supplier}?
        Tell us the top figure for redress from {supplier} should its blunder cause a calamity.
        Read me the bit on how high damage claims against {supplier} may climb.
        For how much money does {supplier} vouch if its error injures our business?
        When {supplier} is guilty of a costly blunder, does the contract protect its wallet at some point?
        Our neighbour sued {supplier} for millions over a fire; could we, or are we stopped at a lower sum?
        What's the roof on redress from {supplier}?""",
        """how much {supplier} is liable for
        up to what amount {supplier} is liable
        what the liability cap of {supplier} is
        how far {supplier} is liable
        whether the liability of {supplier} is capped
        at what amount {supplier}'s liability is limited
        how high the liability limit of {supplier} is
        what the most is that {supplier} pays in damages
        how much damages we can claim from {supplier}
        what the maximum liability of {supplier} is
        how much we could recover from {supplier} in the worst case
        whether there is a ceiling on what {supplier} has to compensate
        up to which sum {supplier} must make good damage
        how much {supplier} is on the hook for if it causes a loss
        whether {supplier} answers for losses without limit
        what ceiling applies to damage claims against {supplier}
        how far we can hold {supplier} responsible for losses
        where {supplier}'s duty to compensate stops
        what the maximum compensation from {supplier} is
        how many euros of damages {supplier} can be made to pay
        whether {supplier} has unlimited liability
        to what extent {supplier} answers for damage it causes
        which sum caps our claims against {supplier}
        what we could get at most if {supplier} destroyed our equipment
        what limitation of liability the {supplier} contract contains
        how high a loss {supplier} will take responsibility for
        if our damage claims against {supplier} are limited
        what {supplier}'s exposure for damages is
        how much {supplier} would have to pay if it wrecked our plant
        from what amount on {supplier} is no longer liable
        the upper limit of what {supplier} owes for damage
        what total liability {supplier} has accepted
        whether we can sue {supplier} for the full loss
        by what figure the liability of {supplier} is bounded
        what our maximum recourse against {supplier} is
        what liability ceiling we agreed with {supplier}
        how much of a big loss {supplier} would have to make good
        whether {supplier} restricts what it pays for damage
        what the biggest damage claim against {supplier} could be
        how high the compensation goes if {supplier} harms us
        at which figure damage claims against {supplier} are chopped off
        how high our lawyers may go when claiming damages from {supplier}
        the maximum indemnification {supplier} owes us
        whether harm done by {supplier} can be claimed down to the last cent
        past which sum {supplier} bears no responsibility for harm
        what portion of a huge loss we could pass on to {supplier} as the culprit
        if {supplier} can be held accountable for a loss of any size
        for what maximum {supplier} stands in when its error injures our business
        where the contract draws the upper bound for redress from {supplier}
        how much would come back to us at the outside if {supplier} caused a catastrophe
        what lid there is on damage claims towards {supplier}
        whether we are stopped at some sum when suing {supplier} over a fire
        until which height {supplier} responds for damages
        what threshold was set above which our losses are no concern of {supplier}
        how the contract protects {supplier}'s wallet after a costly blunder
        the greatest sum {supplier} can be ordered to hand over for harming us
        to how many euros {supplier} has trimmed its liability
        what fraction {supplier} would bear if it burned our factory down
        how much money {supplier} is good for when it brings our plant to its knees
        whether negligence by {supplier} is compensated entirely or up to a set total
        who is left with the loss beyond {supplier}'s limit and where that limit lies
        what figure tops out the redress when {supplier} alone is to blame for a loss""",
        """the liability cap
        liability
        the limit of liability
        the liability limit
        maximum liability
        the cap on damages
        liability for damage
        the maximum damages
        the limitation of liability
        the liability ceiling
        the cap on liability
        the compensation limit
        the maximum compensation
        the damages ceiling
        limited liability for losses
        the upper limit for damage claims
        claims for damages
        responsibility for losses
        the maximum recourse
        the aggregate liability
        the liability clause
        the maximum damage claim
        the limit on compensation
        the lid on damage claims
        the indemnity limit
        the maximum recoverable sum for losses
        harm beyond a certain amount
        financial responsibility for harm caused
        the roof on redress
        restricted liability
        the threshold above which losses stay with us
        the highest sum owed for damage done
        accountability for wrecked property
        the upper bound on indemnification
        trimming of damage claims
        the amount up to which they answer for harm""",
    ),
    "price_increase": _asking(
        """How much can {supplier} raise prices?
        How much can {supplier} raise its prices each year?
        By how much may {supplier} increase prices?
        Can {supplier} raise prices?
        Can {supplier} just increase its prices?
        Can {supplier} make things more expensive?
        May {supplier} change its prices?
        Is {supplier} allowed to raise prices?
        Is there a limit on price increases by {supplier}?
        Is there a price cap with {supplier}?
        Are the prices of {supplier} fixed?
        Are {supplier} prices fixed or can they go up?
        Are prices at {supplier} going up?
        What price increase is {supplier} allowed?
        What is the maximum price increase for {supplier}?
        What's the biggest price hike {supplier} can do?
        {supplier} wants more money. How much may they raise prices?
        {supplier} announced higher prices, is that allowed?
        {supplier} price increase?
        {supplier}: how much can prices go up?
        Price increase limit {supplier}?
        Do we have fixed prices with {supplier}?
        Do prices at {supplier} stay the same?
        How much dearer can {supplier} get per year?
        What percentage can {supplier} put on its prices?
        Could {supplier} charge us more next year?
        {supplier} sent us a letter about new rates from January. How much may they add under the contract?
        Our controller fears that {supplier} will become more costly. What ceiling did we negotiate?
        Does the agreement with {supplier} lock in what we pay per unit?
        Budget round: what percentage should I add at most for {supplier} next year?
        Tell me how far {supplier} may push its rates up annually.
        {supplier} claims steel has become expensive and wants to pass it on. Are they entitled to?
        Has {supplier} promised to hold its rates steady?
        Am I right that {supplier} cannot touch the price list while the contract runs?
        Is {supplier} bound to the price list it gave us?
        What annual uplift did we grant {supplier}?
        Check the escalation clause in the {supplier} agreement.
        Is there an escalator in the contract with {supplier}, and how steep is it?
        Inflation is high again. Can {supplier} hand it on to us?
        Can we count on stable prices from {supplier} for the whole term?
        I heard {supplier} plans a markup in spring. What does the contract let them do?
        What's the ceiling on yearly rises at {supplier}?
        How much costlier may {supplier} become from one year to the next?
        The new quote from {supplier} is well above last year's. Is such a jump permitted?
        The salesman from {supplier} says everything gets dearer. Do we have to swallow that?
        Any room for {supplier} to bump its prices?
        Did {supplier} guarantee us constant prices?
        How well are we protected if {supplier} wants to hike its rates?
        Is it fine that {supplier} now charges more per piece than last year?
        Give me the annual price adjustment cap for {supplier}.
        Please confirm whether the price list of {supplier} is frozen.
        Have we got a price freeze with {supplier}?
        Is a price freeze in place at {supplier} or can they adjust?
        With {supplier}, are we safe from surprises on the price list?
        Energy costs are up, and {supplier} wants us to chip in. Do we have to accept higher prices?
        We are planning next year's spend with {supplier}. What's the worst case for unit prices?
        Up to which percentage must we accept a rise from {supplier}?
        Next year's price list from {supplier} came in. How much higher may it be?
        Could {supplier} legally ask for more per unit than today?
        How big a rise would we have to accept from {supplier}?
        I want to know what {supplier} can add to its rates every year.
        Does {supplier} get an automatic yearly uplift?
        Is {supplier} permitted to revise its price list upwards?
        Can {supplier} pass on higher raw material costs to us?
        When raw materials get expensive, may {supplier} adjust what it bills per unit?
        Can {supplier} turn the price screw on us?
        At what rate may {supplier}'s prices climb each year?
        How steeply could the rates of {supplier} climb?
        Will we pay the same per unit to {supplier} for the whole term?
        Is today's price at {supplier} also tomorrow's price?
        Are we stuck with whatever {supplier} decides to charge, or is there an upper bound on rises?
        {supplier} wants to renegotiate because of inflation. What did we sign on price rises?
        {supplier} says it must adjust its rates. By how much, at the very most?
        {supplier} is putting up prices again! Where does the contract draw the line?
        {supplier} told us that from next month everything costs more. Can they do that?
        {supplier} cannot simply charge more, can it?
        {supplier}'s price list: firm or adjustable?
        {supplier}'s annual price adjustment, what is the limit?
        {supplier}'s rates went up. Was that within the agreed limit?
        Yearly price rise at {supplier}?
        Max annual uplift, {supplier}?
        Price adjustment clause with {supplier}, what does it say?
        Price guarantee from {supplier}, yes or no?
        Do the terms let {supplier} index its prices to inflation?
        Don't tell me {supplier} may raise its rates as it likes. What's the limit?
        Isn't {supplier} tied to the agreed prices?
        Aren't the rates of {supplier} locked?
        Surely there is some brake on how quickly {supplier} gets more expensive?
        Finance wants to know how stable the rates of {supplier} are.
        My boss asks if {supplier} may become more expensive during the term.
        For my cost forecast I need the yearly price rise of {supplier}.
        Please look into the contract: which uplift on prices can {supplier} demand per year?
        Which percentage per year is {supplier} free to add to its rates?
        Under our agreement, may {supplier} mark up its products over time?
        Let me know if {supplier} has any right to review prices upwards.
        Sorry for asking again, but how much more expensive is {supplier} allowed to get?
        Suppose copper doubles in cost. Would {supplier} be able to charge us more?
        What protection against rising prices do we have at {supplier}?
        What did we agree with {supplier} about future prices?
        What happens to our prices at {supplier} at the turn of the year?
        What is the most {supplier} can tack onto its rates in a year?
        I got an updated price list, all figures higher, signed {supplier}. Must we agree?
        They call it an inflation adjustment over at {supplier}. Is it covered by the contract?
        We were quoted more than before by {supplier}. Isn't the price supposed to stay put?
        Every year the same story, rates go up at {supplier}. What did we allow them?
        Can our costs per unit creep up at {supplier}, and how far?
        How large a mark-up on the current price list would we have to stomach from {supplier}?
        Kindly advise whether unit prices under the {supplier} contract are subject to upward revision.
        Purchasing is nervous: what keeps {supplier} from getting greedy at renewal of the price list?
        Price rise cap {supplier} pls
        {supplier} pricing, locked or floating?
        Quick one: the allowed annual hike at {supplier}, in percent?
        Someone from {supplier} rang and said expect plus eight percent. Are we obliged to go along?
        Before I sign off on the new rate card from {supplier}, how much higher than the old one may it legitimately be?
        Is the consumer price index used to step up what {supplier} charges us?
        At most how many percent can be slapped on by {supplier} every twelve months?
        Will I still get the same quote from {supplier} two years from now?
        Let's see what leeway we left {supplier} for upward repricing.
        Does our deal shield us if {supplier} decides its goods should cost more?
        The invoice from {supplier} shows a steeper unit price than in spring; how much of a rise did we consent to?
        Explain how price revision works with {supplier}.
        Has anybody negotiated a no-increase promise from {supplier}?
        Sir, please inform what is maximum hike of rate possible by {supplier}.
        I must know if {supplier} have the right for making the price more high.
        Wages are climbing everywhere, so may {supplier} load that onto our unit prices?
        Just so I can fill in the budget sheet: yearly price growth for {supplier}, upper bound?
        Nobody here remembers whether {supplier} agreed to leave its prices untouched. Did it?
        To what extent is {supplier} entitled to move its unit prices upward each year?
        Supposing {supplier} doubled its prices overnight, would the contract permit it?
        How firm are the figures on the price sheet from {supplier}?
        Verify for me that a five percent rise by {supplier} stays within what we signed.
        Are we exposed to inflation through {supplier}?
        What's to stop {supplier} from asking ten percent more come January?
        Which index, if any, drives upward price reviews at {supplier}?
        Why should we pay more to {supplier} than we agreed? Is there a rise clause at all?
        Controlling here. Inflation assumption for purchases from {supplier}: what's contractually the top end?
        Under what conditions is {supplier} authorised to lift its selling prices?
        Hey, can {supplier} just jack up what it charges, or did we nail that down?
        One more per cent, two, five? What step-up is {supplier} granted annually?
        If inflation hits seven percent, how much of that may {supplier} recover through pricing?
        Our cost accountant needs the contractual limit on repricing by {supplier}.
        For how long are the unit prices offered by {supplier} held firm?
        Another round of cost pass-through from {supplier}... what did the contract concede on that?
        Do rates with {supplier} rise automatically on each anniversary?
        Permissible price growth p.a. for {supplier}, please.
        Not happy with the dearer offer from {supplier}. Can I point to a price ceiling in our agreement?""",
        """how much {supplier} can raise prices
        by how much {supplier} may increase its prices
        whether {supplier} can raise prices
        if {supplier} may raise its prices
        whether the prices of {supplier} are fixed
        if prices at {supplier} are fixed
        what price increase {supplier} is allowed
        how much more {supplier} can charge next year
        what the maximum price increase of {supplier} is
        if {supplier} is allowed to increase prices
        how far {supplier} may push up its rates
        whether {supplier} is bound to its price list
        whether we have a price freeze with {supplier}
        if {supplier} can pass on inflation to us
        what annual uplift {supplier} can demand
        how much costlier {supplier} may get from year to year
        whether {supplier} can charge more for the same goods next year
        what the ceiling for price rises at {supplier} is
        if {supplier} has locked in its rates
        whether {supplier} guaranteed stable prices
        up to what percentage {supplier} may adjust its rates
        what the price adjustment clause with {supplier} says
        if the price list of {supplier} may be revised upwards
        how much {supplier} can put its prices up annually
        whether {supplier} can hand on rising material costs
        whether {supplier} is free to become more expensive
        what yearly rise we granted {supplier}
        how well we are protected against price rises by {supplier}
        if we must accept a higher price list from {supplier}
        whether the rates of {supplier} are frozen for the term
        how steeply prices at {supplier} may climb
        which percentage {supplier} may add each year
        how stable the rates of {supplier} will be
        if there is an escalator in the {supplier} contract
        what the most is that {supplier} can add to its prices in a year
        whether anything stops {supplier} from hiking its rates
        if {supplier} has a right to more money per unit when costs rise
        whether prices agreed with {supplier} hold until the end of the contract
        how big a price jump by {supplier} we have to tolerate
        whether {supplier} may index its prices
        how firm the price sheet of {supplier} is
        whether anything caps upward repricing by {supplier}
        what step-up in prices is granted to {supplier} on each anniversary
        if a five percent hike by {supplier} would be within the contract
        to what extent unit prices from {supplier} may grow
        how large a mark-up on today's rates {supplier} could impose
        whether {supplier} promised us not to get dearer
        under what conditions {supplier} can lift its selling prices
        which index price reviews by {supplier} are tied to
        for how long unit prices from {supplier} are held firm
        how many percent per year are conceded to {supplier} on top of current prices
        whether we can refuse the dearer rate card from {supplier}
        if wage inflation at {supplier} may end up in our unit prices
        what limits there are when {supplier} wants to charge extra for the same item
        whether next year's quote from {supplier} has to match this year's
        how price revision is regulated with {supplier}
        what leeway for becoming pricier {supplier} has
        if rates go up automatically at {supplier}
        the highest annual price growth that {supplier} may ask of us
        whether {supplier} can reprice at will
        how exposed we are to inflation at {supplier}
        what {supplier} is permitted in the way of a price bump""",
        """price increases
        the price increase
        raising prices
        higher prices
        the maximum price increase
        price changes
        prices
        fixed prices
        price hikes
        price adjustments
        the price adjustment clause
        the annual uplift
        the yearly price rise
        the cap on price rises
        price escalation
        the escalation clause
        the price freeze
        rate increases
        the price guarantee
        rising prices
        the ceiling on price hikes
        future price rises
        the room for raising rates
        upward price revisions
        annual price growth
        the indexation of prices
        inflation pass-through
        the price cap
        yearly rate hikes
        getting more expensive
        repricing
        the permitted mark-up on current prices
        the price review mechanism
        automatic price step-ups
        holding prices firm
        charging more for the same goods""",
    ),
    "delivery": _asking(
        """How long does {supplier} take to deliver?
        How long does delivery from {supplier} take?
        How long do we wait for goods from {supplier}?
        How long until {supplier} delivers?
        How many weeks does {supplier} need to deliver?
        How many weeks is the delivery time of {supplier}?
        How fast does {supplier} deliver?
        How fast must {supplier} ship?
        How quickly does {supplier} have to deliver?
        How soon can we get goods from {supplier}?
        What is the lead time of {supplier}?
        What's the lead time at {supplier}?
        What delivery time did {supplier} promise?
        What is the delivery period for {supplier}?
        When does {supplier} deliver?
        When will {supplier} ship an order?
        When do things ordered from {supplier} arrive?
        If I order from {supplier} today, when will it come?
        If we order at {supplier}, how long does it take?
        {supplier} lead time?
        {supplier}: delivery time?
        Delivery time {supplier}?
        In how many weeks does {supplier} deliver?
        Within what time must {supplier} deliver?
        By when does {supplier} have to deliver an order?
        We are running out of stock. How soon could {supplier} get parts to us?
        Production asks when goods from {supplier} will turn up after we order.
        How far ahead must I place an order with {supplier} so that it gets here on time?
        How many weeks pass between ordering at {supplier} and unloading the truck?
        Is {supplier} quick or slow at getting orders out to us?
        Once a purchase order reaches {supplier}, how long before the goods arrive?
        Tell me the agreed lead time for orders with {supplier}.
        The line stands still in a month if nothing comes. Can {supplier} make it by then?
        From order to arrival, how much time does {supplier} get?
        {supplier} has our order since Monday. When must the pallets be here?
        {supplier} has had our PO for ages. How many weeks are they allowed to take?
        {supplier} keeps us waiting. What delivery window is in the contract?
        {supplier} says it ships soon, but what did they commit to in weeks?
        {supplier}'s turnaround time, please.
        {supplier}'s lead time in weeks?
        {supplier}'s trucks, how long after ordering do they show up?
        {supplier} needs how many weeks for an order?
        {supplier} is supposed to be fast. What does the contract give as delivery time?
        {supplier}: order today, receive when?
        I must plan the assembly line. How long do shipments from {supplier} take?
        For my planning I need the replenishment time at {supplier}.
        What replenishment time should I enter in the system for {supplier}?
        Our planner wants to know how long orders at {supplier} are on the way.
        Please check how long we have to wait for an order from {supplier}.
        Give me the weeks from order to delivery for {supplier}.
        Remind me, how long does an order with {supplier} take to arrive?
        Does {supplier} deliver within a few weeks, or does it take longer?
        Can {supplier} deliver on short notice?
        Would an order with {supplier} be here before the holidays?
        If I send a PO out this afternoon, when can I expect the goods from {supplier}?
        Suppose we buy from {supplier} now, when would the boxes stand in our warehouse?
        Say we reorder at {supplier} tomorrow, how many weeks till it lands here?
        How long are we going to sit around until {supplier} brings the stuff?
        How rapidly can {supplier} supply us?
        How prompt is {supplier} with shipments according to the contract?
        How much lead time does {supplier} want?
        How much time are we giving {supplier} to fulfil an order?
        How many weeks of lead time did {supplier} commit to?
        How early do we have to order at {supplier}?
        How long is the wait with {supplier}?
        How long may {supplier} take from order to handover?
        What is the fulfilment time agreed with {supplier}?
        What does the contract say about when {supplier} has to ship?
        What time frame does {supplier} have for getting goods to our warehouse?
        What's the time from purchase order to receipt at {supplier}?
        What's the normal wait for an order from {supplier}?
        What shipping times did we agree on with {supplier}?
        What is a realistic arrival date if I order at {supplier} right now?
        Which delivery window applies to {supplier}?
        Which lead time is written in the agreement with {supplier}?
        Which deadline does {supplier} have for bringing the goods after an order?
        When can the warehouse count on goods from {supplier}?
        When should we expect our stuff from {supplier}?
        When at the latest must goods from {supplier} be on our dock?
        When do I have to order from {supplier} to have the parts in time?
        After how many weeks should the shipment from {supplier} be here?
        After we place an order, when does {supplier} have to hand over the goods?
        Up to how many weeks can {supplier} take to bring us the goods?
        Until when has {supplier} to supply us after an order comes in?
        Inside what period must {supplier} get the goods to us?
        Our shelves are empty. How quickly can {supplier} refill them?
        My customer needs the parts urgently. How many weeks should I tell him if we source from {supplier}?
        The shop floor is nagging me about arrival of the parts. What did {supplier} agree to?
        Nothing has come yet. How much time does {supplier} have to ship what we ordered?
        No idea how long {supplier} takes to send things. Can you look?
        I ordered last week and wonder when {supplier} will be at our gate.
        I'd like to know the order-to-delivery time at {supplier}.
        I need the goods rather soon, so how long would {supplier} make me wait?
        Is there an agreed lead time with {supplier}?
        Is there a deadline by which {supplier} must have the goods at our door?
        Did we fix a time within which {supplier} ships our orders?
        Don't we have a delivery period in the {supplier} contract, and how long is it?
        Isn't {supplier} obliged to deliver within a certain number of weeks?
        Are orders placed with {supplier} usually here within the month?
        Lead times, please: how many weeks for {supplier}?
        Weeks to deliver, {supplier}?
        Time to delivery with {supplier}?
        Look up how speedy {supplier} must be with our orders.
        Could you find out how many weeks in advance we should order from {supplier}?
        What dispatch-to-dock interval is stipulated for {supplier}?
        Kindly advise the contractual delivery period of {supplier}.
        ETA on orders with {supplier}, in general?
        Counting from the order date, how many days are conceded to {supplier} for bringing the merchandise?
        Standard transit plus production time at {supplier}, anyone?
        Let me have the number of weeks {supplier} gets to fill an order.
        Is it a matter of days or months until {supplier} turns up with the goods?
        We need safety stock figures; what lag between ordering and receiving is there with {supplier}?
        The scheduler asked me for a due date on a fresh PO to {supplier}. What do I count on?
        Hey, how long's the queue at {supplier} before our stuff comes?
        Please, in which time {supplier} is bringing the material after we make order?
        Sir, please inform delivery days of {supplier}.
        Are we talking about two weeks or ten when we buy something from {supplier}?
        MRP field "planned delivery time" for {supplier}: which value?
        Our launch is on the first of the month. What's the latest day to place the order with {supplier}?
        Has {supplier} undertaken to ship inside a certain number of days?
        Assuming the order is confirmed at {supplier} today, on which calendar week should I book the unloading crew?
        Remaining stock covers three weeks. Will a new batch from {supplier} be in before that?
        Find out how swiftly merchandise gets from {supplier} to our plant.
        Nobody told me how long a consignment takes to come over from {supplier}. Please do.
        Goods-in would like to know when to clear space for the stuff we're ordering from {supplier}.
        Does the agreement commit {supplier} to a particular dispatch time?
        Roughly how long between clicking "order" and a lorry from {supplier} at our ramp?
        I'm told {supplier} is a slowcoach. What shipping period is on paper?
        Days to ship: {supplier}?
        Which number of weeks did the contract set for {supplier} to send out goods?
        A customer wants a commitment from me, so tell me the procurement time at {supplier}.
        At what notice can {supplier} furnish us with goods?
        Would six weeks be enough for {supplier} to deliver, going by the contract?
        Should I order at {supplier} now, or is next month early enough to have it by summer?
        Where do I see how many days {supplier} may need for a shipment? Just give me the figure.
        Going by the contract, what is the longest we could be waiting on a regular order from {supplier}?
        Urgent, boss wants to know: when can stuff be here if {supplier} gets the PO now?
        Could you state the agreed period for supply by {supplier}?
        Between signing the PO and having the crates from {supplier} in hand, what time elapses?
        Express or snail mail, what sort of shipping speed did {supplier} sign up for?
        Maintenance needs spares. Can they be had from {supplier} within ten days?
        Time of supply for {supplier}, as contracted?
        I have to fix our reorder point, hence the question how long {supplier} takes for replenishing us.
        Ordered at {supplier} this morning, so from which date may I start asking where it is?""",
        """how long {supplier} takes to deliver
        how long delivery from {supplier} takes
        how fast {supplier} delivers
        how many weeks {supplier} needs to deliver
        what the delivery time of {supplier} is
        what the lead time of {supplier} is
        when {supplier} delivers
        how soon {supplier} must deliver
        within how many weeks {supplier} delivers
        how long we wait for goods from {supplier}
        how soon goods from {supplier} get here
        how many weeks ahead we must order from {supplier}
        how long an order with {supplier} is on the way
        what replenishment time {supplier} has
        when shipments from {supplier} arrive after an order
        how much time {supplier} has to fulfil an order
        how many weeks of lead time {supplier} wants
        how quickly {supplier} ships our orders
        how long the wait is for an order from {supplier}
        by when {supplier} must have the goods at our dock
        whether {supplier} can deliver on short notice
        what delivery window we agreed with {supplier}
        how early to order at {supplier} so the goods come in time
        the weeks between order and arrival at {supplier}
        what the contract gives {supplier} as time to ship
        when goods ordered from {supplier} today would be here
        how speedy {supplier} has to be with deliveries
        how long it takes until {supplier} brings the goods
        if {supplier} has a fixed lead time and how long it is
        after how many weeks a shipment from {supplier} is due
        how long {supplier} may take from order to handover
        what shipping time was promised by {supplier}
        whether {supplier} gets goods to us within a few weeks
        when we can count on parts from {supplier}
        what the order-to-delivery time of {supplier} is
        how rapidly {supplier} must supply us
        the deadline by which {supplier} has to bring the goods
        how long our warehouse waits for {supplier} after an order
        what arrival date to expect when we order from {supplier}
        what lag between ordering and receiving {supplier} has
        how swiftly merchandise gets from {supplier} to our plant
        in how many days {supplier} undertakes to ship
        what planned delivery time to enter for {supplier}
        when to clear warehouse space after ordering at {supplier}
        whether ten days are enough for {supplier} to bring the goods
        what dispatch time {supplier} is committed to
        at what notice {supplier} can furnish us with parts
        the latest day to order at {supplier} for arrival by the first
        how long a consignment takes to come over from {supplier}
        what time elapses between the PO to {supplier} and the crates at our ramp
        which calendar week goods ordered now from {supplier} are due in
        whether it is days or months before {supplier} turns up with an order
        the longest we could be waiting on a regular order from {supplier}
        what procurement time to assume for {supplier}
        how many days are conceded to {supplier} for sending out an order
        if a batch from {supplier} could be in within three weeks
        what shipping speed {supplier} signed up for
        which due date to put on a new order to {supplier}
        how long {supplier} has for restocking us
        if the contract sets a number of weeks for supply by {supplier}
        when the lorry from {supplier} comes once we have ordered""",
        """the delivery time
        delivery
        the lead time
        lead time
        delivery times
        shipping time
        the delivery period
        how long delivery takes
        the time of delivery
        the turnaround time
        the replenishment time
        shipping times
        the agreed lead time
        the wait for goods
        the order-to-delivery time
        the fulfilment time
        the weeks to delivery
        the speed of delivery
        the delivery deadline
        the delivery schedule
        the arrival of ordered goods
        how soon goods arrive
        dispatch time
        the number of days to ship
        the lag between order and receipt
        procurement time
        the supply period
        the time goods take to reach us
        transit and dispatch times
        how quickly orders are filled
        the shipping speed
        the due date of new orders
        the waiting time after ordering
        the agreed shipping window
        restocking time
        the days from purchase order to goods receipt""",
    ),
    "law": _asking(
        """Which law applies to the contract with {supplier}?
        Which law governs the {supplier} contract?
        Which country's law applies with {supplier}?
        Which jurisdiction is it for {supplier}?
        Under which law is the contract with {supplier}?
        Under what law do we deal with {supplier}?
        What law governs our contract with {supplier}?
        What is the governing law for {supplier}?
        What's the governing law in the {supplier} agreement?
        What is the applicable law with {supplier}?
        What legal system applies to {supplier}?
        Whose law applies to the {supplier} agreement?
        Whose laws govern the deal with {supplier}?
        Where would we have to sue {supplier}?
        Where is the contract with {supplier} governed?
        If we sue {supplier}, which law applies?
        If we have a dispute with {supplier}, which law counts?
        {supplier} governing law?
        {supplier}: which law?
        Governing law {supplier}?
        Applicable law for {supplier}?
        By which law is the {supplier} contract governed?
        In which country would a case against {supplier} be decided?
        Which law did we choose with {supplier}?
        Legal wants to know which country's rules our contract with {supplier} follows.
        Our lawyer asks about the choice of law in the {supplier} contract.
        If things end up in court with {supplier}, whose rules decide?
        Should it come to a lawsuit with {supplier}, which country's law would the judge use?
        Do we need a foreign lawyer for a quarrel with {supplier}?
        I'm drafting a letter before action to {supplier}. Which law should I cite?
        Is our agreement with {supplier} under domestic or foreign law?
        Is it our law or theirs that counts with {supplier}?
        Is the contract with {supplier} subject to the law of our own country?
        Is there a choice of law clause with {supplier}, and which country does it name?
        Is {supplier} bound by our national law or by its own?
        Does our home law apply to dealings with {supplier}?
        Does the {supplier} contract name a country whose law applies?
        Does a foreign legal order govern what we signed with {supplier}?
        Did {supplier} insist on its home law?
        Did we accept foreign law in the {supplier} deal?
        Did we agree on a forum country with {supplier}?
        Have we settled the applicable law in the agreement with {supplier}?
        {supplier} threatens us with legal action. Under which country's rules would that be?
        {supplier} is taking us to court. What country's law are we talking about?
        {supplier} sits abroad. Whose legislation is the contract based on?
        {supplier} quoted some foreign statute at us. Is that really the law we agreed to?
        {supplier}'s contract, which legal system is behind it?
        {supplier}'s agreement falls under the laws of which country?
        {supplier}'s choice of law clause, what does it say?
        {supplier}, jurisdiction?
        {supplier} and us: which national law binds the two of us?
        {supplier} contract, subject to whose law?
        In a legal fight with {supplier}, what country's rules are we playing by?
        In the event of litigation against {supplier}, which national law is decisive?
        In what legal system is the {supplier} agreement rooted?
        On what national law is the deal with {supplier} based?
        On the basis of which country's law would a court read our contract with {supplier}?
        According to which law must the terms with {supplier} be interpreted?
        By the law of which country are we bound towards {supplier}?
        Under whose legislation was the {supplier} contract made?
        Under the legal rules of which state do we do business with {supplier}?
        Which legal system did we sign up to with {supplier}?
        Which state's legal order has been chosen for the {supplier} agreement?
        Which legislation would settle an argument with {supplier}?
        Which civil code is relevant for the contract with {supplier}?
        Which country is named in the governing law clause with {supplier}?
        Which country are we talking about, legally speaking, when we fight with {supplier}?
        What country's legal rules does the {supplier} contract come under?
        What jurisdiction are we in when we argue with {supplier}?
        What jurisdiction was picked for disputes with {supplier}?
        What national law did the parties choose in the agreement with {supplier}?
        What body of law stands behind our deal with {supplier}?
        What does the jurisdiction clause in the {supplier} contract say?
        What would a judge apply in a case between us and {supplier}: our code or theirs?
        Where's the legal home of our contract with {supplier}?
        Where is the place of jurisdiction for {supplier}?
        Where would a lawsuit against {supplier} be heard, and by whose rules?
        Where do we stand legally with {supplier}, I mean, which country's law?
        Whose courts and whose statutes are we dealing with in the case of {supplier}?
        Whose legal rules win if we clash with {supplier}?
        Whose civil code do I have to read for the {supplier} contract?
        We may have to go to court over {supplier}. Whose rules count there?
        We are in a row with {supplier} and I must brief counsel. In which country should counsel be qualified?
        We're looking for a solicitor to handle {supplier}. Which national law must he know?
        My attorney needs the legal basis of the {supplier} agreement, which country is it?
        My question is about the legal side: what law have we chosen with {supplier}?
        Tell me the law that governs our relationship with {supplier}.
        Tell our counsel which country's statutes apply to {supplier}.
        Please state the governing jurisdiction of the {supplier} contract.
        Please look up which national law is stipulated with {supplier}.
        Find the applicable law clause for {supplier}.
        Give me the country whose law controls the {supplier} agreement.
        Choice of law with {supplier}?
        Legal venue and law for {supplier}?
        Applicable legislation, {supplier}?
        Law clause in the {supplier} contract, which country?
        Can you see which country's law rules in case of a conflict with {supplier}?
        Could we rely on our own national law against {supplier}?
        Would a dispute with {supplier} be judged by our law or a foreign one?
        Isn't the {supplier} contract under foreign law?
        Aren't we under our own law with {supplier}?
        I don't know which law I have to look at for {supplier}.
        The compliance form has a field "contract law". What country do I fill in for {supplier}?
        Kindly advise the law stipulated as governing in the {supplier} contract.
        Proper law of the contract, {supplier}?
        Is the {supplier} agreement a German-law, English-law or some other law contract?
        Hey, quick legal thing: what country's laws are we on with {supplier}?
        Sir, please inform law of which country is valid for {supplier} contract.
        Audit wants a list of contracts by governing law; which entry goes next to {supplier}?
        Before we hire outside counsel against {supplier}, in which nation's law should they be expert?
        Does the UN sales convention or some national code govern our purchases from {supplier}?
        Suppose a tribunal had to construe the {supplier} agreement, on what country's law would it rely?
        The paralegal left "governed by" blank for {supplier}. What belongs there?
        Which flag is on the law book for the {supplier} deal, so to speak?
        Home turf or away, legally, if we battle it out with {supplier}?
        Before the judge with {supplier}, ok, but judge of what country and with what law?
        I would like to learn the legal regime to which {supplier} and our firm have submitted.
        Did the parties submit to a particular nation's law when signing with {supplier}?
        Would I be right in thinking the {supplier} contract is governed by the law at our registered seat?
        Name the country: contract law for {supplier}.
        Have our people agreed with {supplier} that disagreements be resolved under our legislation?
        {supplier} argues that the statutes of its own country apply. Is that what we signed?
        Lex contractus for {supplier}, please.
        It came up in the legal meeting whether we and {supplier} are under common law or a continental code.
        Can you tell from the contract which state's law we and {supplier} are answerable to?
        Competent courts and governing rules in the case of {supplier}, what was agreed?
        Are the laws of a third country chosen in our paper with {supplier}?
        For a legal opinion on {supplier} I need the system of law that the agreement invokes.
        Which nation's law has been designated for {supplier}?
        I keep hearing different things, Swiss law, French law... which is it for {supplier}?
        Could a court abroad end up handling our quarrel with {supplier} under its own code?
        Remind me whose law book we open when there's trouble with {supplier}.
        From a legal point of view, what country does the contract with {supplier} belong to?
        Regarding {supplier}, which country's legal rules shall be deemed to apply?
        Boss to legal: are we on safe home ground with {supplier} or under somebody else's laws?
        To translate the contract correctly I must know the legal system that {supplier} and we picked.
        Whichever law it is that we have with {supplier}, spell it out for me.
        Seat of courts and law, {supplier} contract, anyone know?
        Our general counsel insists on home law everywhere. Was that achieved with {supplier}?
        How does the {supplier} contract settle the conflict-of-laws question?
        As the buyer, do we enjoy our domestic law in the relationship with {supplier}?
        Show me the sentence on applicable legal rules that we signed with {supplier}.""",
        """which law applies to the contract with {supplier}
        which law governs the {supplier} contract
        what the governing law with {supplier} is
        under which law the {supplier} contract is
        which country's law applies to {supplier}
        whose law applies with {supplier}
        which law we agreed with {supplier}
        what law counts in a dispute with {supplier}
        what the applicable law for {supplier} is
        which jurisdiction applies to {supplier}
        whose legal rules the {supplier} contract follows
        which country's statutes bind us and {supplier}
        whether foreign law applies to the deal with {supplier}
        whether our own law counts with {supplier}
        what choice of law we made with {supplier}
        which legal system is behind the {supplier} agreement
        in which country's courts and law a case against {supplier} belongs
        which national law a judge would apply between us and {supplier}
        under whose legislation we deal with {supplier}
        what jurisdiction was chosen with {supplier}
        if {supplier} is bound by our national law
        if {supplier} insisted on its home law
        what the choice of law clause with {supplier} says
        which civil code the contract with {supplier} is based on
        the law of which country controls the {supplier} agreement
        what country is in the governing law clause with {supplier}
        which country's rules decide if we sue {supplier}
        by which law we are bound towards {supplier}
        where the contract with {supplier} has its legal home
        whose laws a court would use against {supplier}
        which nation's law covers our agreement with {supplier}
        what body of law a lawsuit with {supplier} would be decided on
        if the {supplier} contract is under domestic law
        which law our lawyer must know for a dispute with {supplier}
        according to what law the {supplier} contract is interpreted
        which legislation {supplier} and we signed up to
        where the place of jurisdiction is for {supplier}
        what national law is stipulated with {supplier}
        whether we would fight {supplier} under our law or theirs
        what the proper law of the contract with {supplier} is
        which nation's law has been designated for {supplier}
        whether we and {supplier} are under common law or a continental code
        in what country's law outside counsel against {supplier} should be expert
        how the "governed by the laws of" line in the {supplier} contract continues
        whether the law at our registered seat covers the {supplier} agreement
        to which legal regime {supplier} and our firm have submitted
        whose law book we open when there is trouble with {supplier}
        if the laws of a third country were chosen with {supplier}
        how the {supplier} contract settles the conflict-of-laws question
        whether a court abroad would handle a quarrel with {supplier} under its own code
        which state's law {supplier} is answerable to under our agreement
        if the UN sales convention or a national code governs purchases from {supplier}
        what country to enter under "governed by" for {supplier}
        whether we got our home law accepted by {supplier}
        on what country's law a tribunal would construe the {supplier} agreement
        which system of law the agreement with {supplier} invokes
        if {supplier} is right that the statutes of its own country apply
        from a legal point of view, what country the {supplier} contract belongs to
        which courts and which law are competent for {supplier}
        whether it is home ground or foreign law in a court fight with {supplier}
        the legal rules of which land shall apply between us and {supplier}""",
        """the governing law
        the applicable law
        governing law
        which law applies
        the law
        jurisdiction
        the choice of law
        the law of the contract
        applicable law
        the choice of law clause
        the legal system
        the jurisdiction clause
        the governing jurisdiction
        the place of jurisdiction
        the country of law
        the applicable legislation
        the national law that applies
        the law clause
        the legal basis of the contract
        the chosen law
        the governing law clause
        the law for disputes
        the contract's legal regime
        the proper law of the contract
        the designated national law
        conflict of laws
        the country whose statutes apply
        the legal order chosen
        the law a court would apply
        competent courts and applicable law
        the governing legislation
        home law or foreign law
        the relevant civil code
        the law the parties submitted to
        the country's law behind the agreement
        the "governed by the laws of" line
        legal venue""",
    ),
    "minimum_order": _asking(
        """What is the minimum order at {supplier}?
        What's the minimum order with {supplier}?
        What is the smallest order {supplier} accepts?
        What is the least we can order from {supplier}?
        What is the MOV at {supplier}?
        What order value does {supplier} require?
        How much must we order from {supplier} at least?
        How much do we have to spend at {supplier}?
        How big must an order at {supplier} be?
        How small can an order at {supplier} be?
        How many euros is the minimum order at {supplier}?
        From what amount does {supplier} accept orders?
        Is there a minimum order at {supplier}?
        Is there a minimum spend at {supplier}?
        Does {supplier} have a minimum order value?
        Does {supplier} take small orders?
        Do we have to order a minimum from {supplier}?
        Can we place small orders at {supplier}?
        Can I order something tiny from {supplier}?
        {supplier} minimum order?
        {supplier}: minimum order value?
        Minimum order value {supplier}?
        Minimum spend {supplier}?
        For how much do we have to buy from {supplier} per order?
        What must an order at {supplier} be worth?
        We only want a handful of seals from {supplier}. Will they bother with that?
        {supplier} turned down our purchase order because it was too small. What is their threshold?
        Please tell me the floor for a purchase order to {supplier}.
        Would {supplier} reject an order of just a few euros?
        At what basket size does {supplier} start processing an order?
        My cart for {supplier} is not worth much. Is it enough to go through?
        I just need one spare fuse from {supplier}; can I buy only that?
        Does our contract with {supplier} oblige us to buy for a certain sum each time?
        Tell me the lowest order value {supplier} will put up with.
        With {supplier}, is there a lower limit on what we order?
        Can we order as little as we like from {supplier}?
        How low can we go when ordering from {supplier}?
        Before I send this tiny PO to {supplier}: what is the least it has to come to?
        Apparently {supplier} won't ship anything unless the order reaches a certain sum. Which sum?
        {supplier} says our order falls short. Short of what?
        What is the entry ticket for an order at {supplier}?
        Do they have an MOV at {supplier} and if so, what is it?
        What's the MOV for {supplier} these days?
        State the minimum order value agreed with {supplier}.
        Give me the minimum purchase amount for {supplier}.
        I'm bundling items for {supplier}. What total do I need to hit?
        Should I bundle my requests before ordering from {supplier} so that they accept it?
        Up to now I ordered single parts; would {supplier} accept that under the contract?
        Is {supplier} allowed to refuse a small purchase order?
        Below which value does {supplier} turn orders away?
        Under what amount will {supplier} not even look at an order?
        Where does {supplier} draw the line for small orders?
        Is it worth sending {supplier} an order for a few screws, or will they say no?
        How much has to be on the purchase order before {supplier} accepts it?
        Our shop floor wants a single gasket from {supplier}. Do we have to fill up the order?
        What do I have to add up to for {supplier} to take my order?
        Is there some sort of minimum purchase with {supplier}?
        No minimum order with {supplier}, right?
        {supplier} doesn't insist on a minimum order, does it?
        Am I correct that {supplier} only takes orders above a certain value?
        Kindly advise the minimum order amount stipulated for {supplier}.
        Kindly inform me what is smallest possible order by {supplier}.
        Which minimum must each order to {supplier} reach?
        Can my order from {supplier} be any size at all?
        For {supplier}, how many euros worth of goods is the least per order?
        What's the bare minimum we can buy at {supplier} in one go?
        Could we get away with a really small order from {supplier}?
        I hate filling up orders just to please {supplier}. What value do we have to reach?
        Why does {supplier} keep bouncing our little orders? What did we agree as the smallest amount?
        Every order must be worth something to {supplier}. How much exactly?
        Small-quantity buyers seem unwelcome at {supplier}. From which order total are we welcome?
        The engineers need a sample from {supplier}. Can we order for pocket change?
        One box is all I need from {supplier}. Will that do as an order?
        Do small-value orders go through at {supplier}?
        How many euros do I need to spend in one order for {supplier} to accept it?
        Check the order threshold for {supplier}.
        Remind me of the minimum spend per order agreed with {supplier}.
        What's the order floor at {supplier}?
        What order minimum applies when we buy from {supplier}?
        What did we settle on with {supplier} as the lowest value of a single purchase?
        Purchasing wants to know the minimum order size in euros for {supplier}.
        {supplier}'s minimum order value, please.
        What is {supplier}'s smallest acceptable order?
        Look up {supplier}'s order minimum.
        Is {supplier}'s minimum order higher than our little monthly need?
        According to the contract, how much must a single order with {supplier} be worth?
        We're a tiny customer. Does {supplier} demand a minimum turnover on each order?
        Must I combine several requisitions to place an order with {supplier}?
        Can I call off just a few pieces from {supplier}, or is that below their limit?
        Is there any bottom limit for orders to {supplier}?
        How valuable must an order be before {supplier} will handle it?
        {supplier} won't confirm the order, saying it isn't worth enough. What did we agree?
        Our PO to {supplier} came back as too low in value. What is the required amount?
        How much more should I put in the basket so {supplier} takes it; what's the lowest total?
        What sum unlocks an order with {supplier}?
        Are mini orders OK with {supplier}?
        Are we tied to a minimum purchase value per order with {supplier}?
        Is an order to {supplier} subject to a minimum amount?
        I'd like to start with a trial purchase at {supplier}. How small may it be?
        From how many euros up can we order with {supplier}?
        What's the cheapest order I can place with {supplier}?
        Will {supplier} deal with us for peanuts, or does each order have to reach a set sum?
        Starting at what order value is {supplier} obliged to accept our purchase?
        Say I only want a couple of bolts from {supplier}: allowed?
        Ordering from {supplier}: any bottom line on the order amount?
        Need the lowest permissible PO total for {supplier}, asap.
        I've got a requisition for 40 euros with {supplier}; does it clear the order minimum?
        Quick one: how many euros gets an order past the door at {supplier}?
        Somebody mentioned that {supplier} wants a certain sum on every single order. True?
        Seems we can't just buy one drill bit from {supplier}. What's the rule on order size?
        Which price tag does a purchase need before {supplier} says yes to it?
        Min. order val. {supplier}?
        Got the MOV figure for {supplier} handy?
        Would a purchase worth 50 euros be beneath {supplier}?
        Let me know whether {supplier} imposes a per-order minimum and at what level it sits.
        The apprentice wants to order three washers from {supplier}. Please tell him what an order has to total.
        How do micro-purchases fare with {supplier}, are they accepted?
        Which euro amount keeps {supplier} from refusing a purchase as too small?
        Hi, the order form of {supplier} says "order value not reached". Which value is that?
        To place an order by {supplier}, minimum how much euro it must be?
        Has anyone agreed a minimum ticket per purchase with {supplier}?
        Are there any orders that {supplier} may decline for being too low in value?
        Do purchase orders sent to {supplier} have a smallest permitted value?
        The minimum that {supplier} requires for each call-off: how many euros?
        Our branch buys in dribs and drabs. Is that compatible with the order rules of {supplier}?
        Production can wait until the list is longer. What list total makes {supplier} take the order?
        I want to know one thing about {supplier}: the cut-off under which an order isn't taken.
        If I sent {supplier} an order for ten euros today, would the contract be on my side?
        Put a number on the smallest permitted purchase from {supplier}.
        Please quote the clause on the lowest admissible order at {supplier}.
        Can't we just buy one filter from {supplier} without padding the order?
        Are buyers of {supplier} forced to spend some set sum on each order?
        So {supplier} has this hurdle for order totals. How high is the hurdle?
        When is an order too puny for {supplier}?
        On buying from {supplier} in small lots: permitted, or must the lot have a certain value?
        Controlling asks why we hoard needs before ordering from {supplier}. Which minimum order makes us do so?
        Hey, does {supplier} fuss about orders that are too cheap?
        Tell the warehouse which sum they must collect before they can send an order to {supplier}.
        What purchase volume per order counts as enough for {supplier}?
        Per-order minimum, {supplier}, in euros please.
        I was about to click "buy" on a single hinge at {supplier}. Is an order of such low value valid?
        Does every purchase with {supplier} need to clear some euro threshold?""",
        """what the minimum order at {supplier} is
        how much we must order from {supplier} at least
        whether {supplier} has a minimum order
        if there is a minimum order value at {supplier}
        what the smallest order at {supplier} is
        how big an order at {supplier} must be
        what the minimum order value of {supplier} is
        from what amount {supplier} accepts orders
        how much we have to spend at {supplier} per order
        if {supplier} takes small orders
        what the order floor at {supplier} is
        whether {supplier} would accept a purchase for very little money
        what total a purchase order to {supplier} has to reach
        below which amount {supplier} turns orders away
        whether {supplier} can refuse our small purchase order
        how little we may buy from {supplier} in one go
        what MOV we agreed with {supplier}
        whether we are free to order any amount from {supplier}
        how many euros of goods we must put on an order to {supplier}
        if our tiny PO will get through at {supplier}
        whether {supplier} insists on a minimum purchase
        what {supplier}'s minimum order value is
        if {supplier}'s order minimum forces us to bundle items
        which order value {supplier} needs before it starts processing
        what the least valuable order is that {supplier} would take
        whether I have to fill up my basket before ordering at {supplier}
        if a single spare part can be bought from {supplier}
        whether there's a lower limit for orders with {supplier}
        where the threshold for small orders lies at {supplier}
        whether the contract sets a minimum spend per order with {supplier}
        what we must spend per order so that {supplier} doesn't send it back
        how low in value an order to {supplier} may be
        whether {supplier} deals with low-value orders at all
        from which basket size on {supplier} delivers to us
        what smallest purchase amount is fixed in the contract with {supplier}
        if any minimum applies when we order from {supplier}
        whether a trial order of just a few pieces is fine with {supplier}
        what an order must come to before {supplier} accepts it
        how much has to be in one purchase order for {supplier}
        if we need to combine orders to meet the minimum at {supplier}
        what per-order minimum {supplier} imposes
        if an order for 30 euros is enough for {supplier}
        at which euro figure {supplier} stops saying no to an order
        whether buying in dribs and drabs is possible with {supplier}
        how high the hurdle for order totals is with {supplier}
        what cut-off {supplier} uses for orders that are too small
        whether {supplier} can be sent a PO of any value
        which sum our requisitions must add up to before we order from {supplier}
        if we're obliged to pad our orders to {supplier}
        what the lowest admissible purchase from {supplier} amounts to
        how much stuff we need to collect on the list before {supplier} will accept it as an order
        whether micro-purchases are accepted by {supplier}
        why {supplier} calls our order too small and what it should have totalled
        to what value each call-off from {supplier} must amount
        if {supplier} ties its order acceptance to a certain purchase sum
        how cheap an order can be without {supplier} rejecting it
        whether one lone hinge is a big enough order for {supplier}
        what price tag an order needs to be welcome at {supplier}
        the minimum euro amount for each purchase from {supplier}
        if anything was agreed with {supplier} about the minimum size of an order
        how many euros short our little order to {supplier} is of the required minimum
        at what point an order counts as too puny for {supplier}""",
        """the minimum order
        the minimum order value
        minimum order value
        the smallest order
        the minimum spend
        small orders
        order minimums
        the minimum purchase
        the minimum value of an order
        the order floor
        the MOV
        the least we can order
        the minimum order amount
        the minimum purchase order value
        the lower limit for orders
        the minimum spend per order
        low-value orders
        the smallest possible purchase
        the required order value
        ordering tiny amounts
        the minimum basket size
        the per-order minimum
        undersized orders
        the lowest admissible order
        the cut-off for small orders
        buying in tiny lots
        the minimum size of a purchase order
        the minimum euro amount of an order
        orders that are too small
        the smallest permitted call-off
        how big orders must be
        minimum purchase amounts per order
        the value every order must reach
        the bottom limit on purchases""",
    ),
    "insurance": _asking(
        """What insurance does {supplier} have to carry?
        What insurance does {supplier} need?
        What insurance must {supplier} have?
        What insurance cover does {supplier} have?
        What is the insurance cover of {supplier}?
        What's the insured sum at {supplier}?
        How much insurance must {supplier} have?
        How much insurance does {supplier} carry?
        How well is {supplier} insured?
        How high is {supplier}'s insurance?
        For how much is {supplier} insured?
        For what amount must {supplier} be insured?
        Is {supplier} insured?
        Is {supplier} properly insured?
        Is {supplier} required to have insurance?
        Does {supplier} have insurance?
        Does {supplier} need an insurance policy?
        Must {supplier} be insured?
        Up to what sum is {supplier} insured?
        {supplier} insurance?
        {supplier}: insurance cover?
        Insurance cover {supplier}?
        Insurance requirement for {supplier}?
        Which insurance cover did we agree with {supplier}?
        How big is the insurance policy of {supplier}?
        If their forklift rams our gate, does {supplier} have a policy that pays, and how big is it?
        What coverage is {supplier} obliged to maintain?
        How much coverage did we make {supplier} take out?
        Our broker wants the sum insured at {supplier}. What is it?
        Risk management is asking for what amount {supplier} is covered by a policy.
        {supplier} is sending fitters to our plant. Are they covered by a policy?
        Please look up the insurance amount required of {supplier}.
        State the minimum cover that {supplier} must have in place.
        Tell me how large a policy {supplier} has to hold.
        Does our contract make {supplier} take out a policy?
        What sum must the certificate from {supplier} show?
        I'm checking the broker's certificate from {supplier}. Which amount should it show?
        The certificate of insurance from {supplier} just landed on my desk. How much is required?
        Do we require public liability insurance from {supplier}, and for what sum?
        Is {supplier} underwritten for a decent amount?
        Is there a policy standing behind {supplier} in case something burns down?
        Could {supplier} operate without any insurance under our contract?
        {supplier} isn't uninsured, is it?
        I hope {supplier} isn't running around uninsured. What did we demand?
        Has {supplier} committed to carrying insurance?
        How many euros of insurance are required from {supplier}?
        What's the required policy limit for {supplier}?
        Up to how much would the insurer of {supplier} step in?
        When something happens, how much would the insurance company of {supplier} put up?
        Which policy limit did we write into the contract with {supplier}?
        Kindly advise the insurance cover stipulated for {supplier}.
        Kindly confirm which sum insured is agreed with {supplier}.
        What is {supplier}'s insured amount?
        {supplier}'s sum insured, please.
        What does {supplier}'s policy have to cover at least?
        Look at {supplier}'s contract: how much cover must they carry?
        Is {supplier}'s insurance sufficient under the contract?
        What level of cover does {supplier} owe us?
        How much cover do we expect {supplier} to hold?
        Does {supplier} have to prove that it is insured, and for how much?
        Do we oblige {supplier} to hold business liability insurance?
        What indemnity insurance has {supplier} promised to keep up?
        For audit purposes I need the insurance requirement that applies to {supplier}.
        Our auditors ask if {supplier} has adequate coverage.
        Is {supplier} covered if one of their people hurts somebody on our site?
        A crate from {supplier} fell on a visitor. Is there an insurer behind them, and for what sum?
        Who would foot the bill if {supplier} wrecks our hall; do they have a policy?
        What kind of policy did we ask {supplier} to have?
        I wonder whether {supplier} has to buy insurance at all.
        Must {supplier} keep a policy running for the term of the contract?
        Is a policy compulsory for {supplier}?
        Is cover mandatory for {supplier}, and how much of it?
        How solid is the insurance backing of {supplier}?
        What safety net from an insurer does {supplier} have?
        Any insurer behind {supplier}?
        Who can tell me the amount of coverage {supplier} carries?
        Did {supplier} agree to be insured, and up to which amount?
        What amount of third-party cover must {supplier} maintain?
        {supplier} wants to lower its policy. How much cover must it keep?
        {supplier} changed its insurer. What cover does the new policy need to offer?
        {supplier} asked what sum to give its broker. What does the contract say?
        {supplier} must hold how much insurance?
        {supplier} should have a policy, but for which amount?
        Remind me what insurance we demanded from {supplier}.
        Check whether {supplier} has to be covered by an insurer.
        Find the clause on the insurance {supplier} must hold.
        Give me the figure for the cover required of {supplier}.
        Is the coverage of {supplier} high enough for our compliance people?
        How much protection does the policy of {supplier} have to provide?
        What is the least cover {supplier} may have?
        What is the smallest policy {supplier} may get away with?
        To what extent must {supplier} insure itself?
        How well covered is {supplier} for accidents at our premises?
        The underwriter's letter from {supplier} mentions a sum. What should it be according to the contract?
        Does {supplier} pay premiums for a proper policy?
        Before we let {supplier} on site: what cover is needed?
        I would like to know the insurance for which {supplier} is obligated.
        By {supplier}, what is the insurance amount which they need to have?
        In the contract with {supplier}, is there something about insurance?
        What do we say in the contract about {supplier} being insured?
        What amount are the insurers of {supplier} good for?
        With {supplier}, what cover was agreed for each event?
        If the workshop floods because of {supplier}, how high is the cover from their insurance company?
        Does {supplier} need to hand us a certificate of cover, and for which sum?
        Can we rely on {supplier} having a proper policy?
        Ins. cover {supplier}, amount?
        Which risks and sums does the policy demanded of {supplier} include?
        Got a copy of the insurance clause for {supplier}? I need the figure in it.
        Fitters from {supplier} start Monday. Security won't let them in without knowing their insured sum.
        Suppose a welder of {supplier} sets our roof on fire: what sum does the prescribed insurance provide?
        Does anything in our agreement force {supplier} to sign up with an insurance company?
        Hi there, the claims desk needs the coverage amount for {supplier}, could you dig it out?
        Were we smart enough to insist that {supplier} be insured?
        What must {supplier} be insured for?
        Let me have the contractual coverage figure for {supplier}.
        Is a two-million policy from {supplier} enough to satisfy the contract?
        By contract {supplier} is needing which insurance?
        {supplier} let its policy lapse last month. Was it supposed to keep one, and of what size?
        In the event of damage, is {supplier} backed by an insurance company?
        Before renewal, I'd like a word on how much coverage {supplier} undertakes to hold.
        Could you verify whether the contract prescribes any insurance for {supplier}?
        Which sum insured can we hold {supplier} to?
        To be filed with our insurer: the amount of cover {supplier} is bound to have.
        Premiums are their business, but how much cover does {supplier} have to buy?
        Their sales guy swears {supplier} is insured up to the hilt. What does the contract ask for?
        Any duty for {supplier} to be insured?
        Our own insurer wants to know the coverage held by {supplier}.
        Public liability policy of {supplier}: how many millions?
        Anything on paper about the insurance status of {supplier}?
        Of what size is the policy {supplier} signed up to keep?
        I need to fill the box "insured amount" in the vendor file of {supplier}. What goes in?
        Are accidents caused by {supplier} covered by some insurance they hold, and up to what total?
        How many millions is the insurance of {supplier} supposed to be?
        A insurance for {supplier}, is it obligatory?
        Without a valid policy {supplier} can't work here. What has to be in that policy?
        Under which insurance arrangement does {supplier} work for us?
        Product liability insurance for {supplier}: required, and in what amount?
        Make sure I get this right: how much insurance did {supplier} sign for?
        Has the contract got a line on the coverage {supplier} must produce evidence of?
        The new safety officer asks if workers of {supplier} come with coverage from an insurer.
        In euros, how thick is the insurance cushion {supplier} must have?
        Do you happen to know on what amount {supplier} has to be insured?
        Vendor onboarding is stuck: state the insurance {supplier} needs to document.
        If I phoned the insurance company of {supplier}, what limit should they confirm to me?
        Can {supplier} skip insurance altogether?""",
        """what insurance {supplier} must carry
        how much insurance {supplier} has
        for how much {supplier} is insured
        whether {supplier} is insured
        if {supplier} needs insurance
        what the insurance cover of {supplier} is
        how high the insurance of {supplier} must be
        what insurance {supplier} has to have
        what sum {supplier} is insured for
        how well {supplier} is insured
        what coverage {supplier} is obliged to maintain
        how large a policy {supplier} has to hold
        which sum insured we agreed with {supplier}
        whether {supplier} must take out a policy
        if there is an insurer behind {supplier}
        how much the insurer of {supplier} would put up
        whether {supplier} carries proper coverage
        what {supplier}'s policy limit must be
        up to what amount {supplier}'s policy pays
        if {supplier} could work for us uninsured
        whether insurance is compulsory for {supplier}
        how many euros of cover {supplier} must keep in place
        what third-party cover {supplier} needs
        if {supplier} has to hand us proof of insurance
        what the least cover is that {supplier} may carry
        whether {supplier} is covered when its people damage something here
        what policy we demanded from {supplier}
        how much insurance the contract asks of {supplier}
        what sum {supplier} should give its broker
        whether a policy has to be kept running by {supplier}
        what level of cover {supplier} promised us
        to what extent {supplier} must insure itself
        what insured amount is fixed for {supplier}
        if {supplier} has enough coverage for working on our site
        how much cover we require of {supplier}
        whether {supplier} bought the policy it has to have
        what insurance obligation {supplier} took on
        if {supplier} holds business liability insurance and for what sum
        which minimum coverage applies to {supplier}
        what {supplier} must be insured for
        which sum insured we can hold {supplier} to
        whether the contract prescribes any insurance for {supplier}
        how many millions the public liability policy of {supplier} should be worth
        if a policy of two million from {supplier} satisfies the contract
        the amount of cover {supplier} is bound to buy
        whether {supplier} can skip insurance altogether
        what limit the insurance company of {supplier} should confirm to us
        how thick the insurance cushion of {supplier} has to be
        if {supplier} was supposed to keep its policy alive
        what evidence of coverage {supplier} has to produce
        whether the fitters from {supplier} come with insurance
        how big a policy is prescribed for {supplier}
        what to enter as insured amount in the vendor file of {supplier}
        if product liability insurance is demanded of {supplier}
        under which insurance arrangement {supplier} works for us
        whether we insisted on coverage when we signed with {supplier}
        up to which total an insurer stands behind {supplier}
        how much insurance {supplier} signed for
        what the insurance clause for {supplier} demands
        whether an insurance company would pay if {supplier} burned down our roof
        what our own insurer may expect {supplier} to have as coverage""",
        """the insurance
        insurance
        the insurance cover
        insurance cover
        the insured sum
        the insurance policy
        required insurance
        the insurance requirement
        insurance coverage
        the insured amount
        the policy limit
        the required coverage
        proof of insurance
        the insurance certificate
        the amount of cover
        third-party insurance
        the minimum cover
        the insurance obligation
        being insured
        the level of coverage
        the insurance amount
        business insurance
        insurance duties
        the prescribed policy
        the public liability policy
        product liability insurance
        insurance evidence
        the insurer's coverage
        the size of the policy
        having a valid policy
        coverage by an insurance company
        the insurance clause
        insurance limits
        taking out insurance
        the certificate of cover""",
    ),
    "confidentiality": _asking(
        """How long does confidentiality last with {supplier}?
        How long must we keep things from {supplier} secret?
        How long are we bound to secrecy with {supplier}?
        How long does {supplier} have to keep our data secret?
        How long must {supplier} keep our information confidential?
        How long does the NDA with {supplier} run?
        How many years of confidentiality did we agree with {supplier}?
        How many years does secrecy with {supplier} last?
        For how long is information from {supplier} confidential?
        For how many years must {supplier} stay silent?
        What is the confidentiality period with {supplier}?
        What's the confidentiality term with {supplier}?
        What does confidentiality with {supplier} look like?
        Until when is {supplier} bound to confidentiality?
        When does the confidentiality with {supplier} end?
        Does {supplier} have to keep our secrets?
        Do we have confidentiality with {supplier}, and for how long?
        Is {supplier} bound to secrecy?
        Is there an NDA with {supplier}?
        {supplier} confidentiality?
        {supplier}: how long is secrecy?
        Confidentiality period {supplier}?
        NDA duration {supplier}?
        May {supplier} talk about our drawings?
        Can {supplier} share our business secrets?
        We handed our recipes to {supplier}. How long must they keep them under wraps?
        When is {supplier} free to talk about our designs?
        {supplier} wants to show our prototype at a trade fair. Are they still sworn to silence?
        How long are the lips of {supplier} sealed?
        For how long does {supplier} have to keep quiet about our know-how?
        Until when must {supplier} keep mum about our project?
        Is what we tell {supplier} safe from prying eyes, and for how long?
        Could {supplier} pass our blueprints on to a competitor?
        Is {supplier} permitted to disclose our prices to others?
        Does the non-disclosure obligation of {supplier} ever run out?
        How many years is the non-disclosure period with {supplier}?
        What is the non-disclosure term we signed with {supplier}?
        Tell me the duration of the secrecy obligation with {supplier}.
        State the term of confidentiality agreed with {supplier}.
        Please confirm for how many years {supplier} has to protect our confidential data.
        Kindly advise how long the confidentiality undertaking of {supplier} remains in force.
        After the contract ends, must {supplier} still keep our secrets?
        Once we part ways with {supplier}, how long does the duty of silence go on?
        How long after the end may {supplier} still not reveal our trade secrets?
        At what point can {supplier} make our information public?
        When does the gag on {supplier} come off?
        Is {supplier} under a gag, and for how many years?
        Somebody at {supplier} has been gossiping about our new product. Aren't they bound to discretion?
        I think {supplier} leaked our specs. Were they still obliged to keep silent?
        Our formula is with {supplier}. How many years is it protected from disclosure?
        Legal asks how long the secrecy clause with {supplier} binds the parties.
        R&D wants to send drawings to {supplier}. For how long will they remain secret?
        Before I email our source files to {supplier}: how long is their discretion guaranteed?
        Can I trust {supplier} with our trade secrets under the contract?
        Does {supplier} owe us discretion?
        How discreet must {supplier} be, and for how long?
        Is {supplier} not allowed to talk about our business?
        {supplier} isn't allowed to publish our data, is it?
        {supplier} may not spill our secrets, but until when?
        {supplier} knows our cost structure. How long do they have to keep it to themselves?
        {supplier} must treat our documents as secret for how many years?
        {supplier} is asking when it may use us as a reference story with technical details. Is secrecy still on?
        {supplier}'s confidentiality obligation: how many years?
        How long does {supplier}'s duty of silence last?
        What is {supplier}'s secrecy period?
        When does {supplier}'s NDA expire?
        Has {supplier}'s non-disclosure commitment got an end date?
        Look up the NDA term for {supplier}.
        Check how long {supplier} has to hold our information in confidence.
        Find out how many years of silence we agreed with {supplier}.
        Remind me how long the hush clause with {supplier} applies.
        Give me the number of years we and {supplier} must keep each other's secrets.
        Are we allowed to share what {supplier} told us in private?
        May we forward the technical data sheets from {supplier} to a third party, or are they secret?
        Can we tell others about the process {supplier} showed us?
        I got sensitive papers from {supplier}. Till when must I lock them away?
        For how many years must we keep the know-how of {supplier} to ourselves?
        How long do the documents of {supplier} have to stay in our safe, out of sight of outsiders?
        How long can't we talk about what {supplier} disclosed to us?
        Is there a secrecy clause in the contract with {supplier}?
        Do we have a non-disclosure agreement in place with {supplier}?
        Did {supplier} sign anything about keeping our information private?
        Does the contract stop {supplier} from blabbing?
        Would it be a breach if {supplier} told a rival about our drawings?
        Is information exchanged with {supplier} protected, and how long?
        What protects our trade secrets at {supplier}?
        What did we agree with {supplier} on non-disclosure?
        What about sensitive data at {supplier}: how many years is it protected?
        How many years does the duty of discretion with {supplier} hold?
        Which confidentiality term applies for {supplier}?
        How long is the confidentiality clause of {supplier} valid?
        By {supplier}, how many years is the information staying secret?
        I would like to know the years of secrecy which {supplier} has accepted.
        In the deal with {supplier}, how long does everyone keep quiet?
        A journalist called about our work with {supplier}. Is it still covered by secrecy?
        Our competitor also buys from {supplier}. How long is our inside information safe there?
        Our patents aren't filed yet. How long will {supplier} keep the invention secret?
        The invention we showed to {supplier} must not get out. For how long is that assured?
        My boss worries about leaks at {supplier}. What is the agreed secrecy term?
        Does secrecy with {supplier} survive the contract, and by how many years?
        Until what time is our internal data in good hands with {supplier}, without any leak allowed?
        How long before the wall of silence around our dealings with {supplier} comes down?
        How long are our trade secrets safe with {supplier}?
        Are the folks from {supplier} obliged to hold their tongues?
        If our plans turn up elsewhere, can we hold {supplier} to its promise of secrecy?
        NDA w/ {supplier}: how many yrs?
        Who may {supplier} tell about our recipe, if anyone, and from when?
        Our CAD models sit on a server at {supplier}. Over what span must they stay hidden from outsiders?
        Is there a sunset on the secrecy promise {supplier} gave us?
        Please dig up the secrecy passage with {supplier}, I need the number of years.
        Marketing would love to blog about the project with {supplier}. Are we sworn to secrecy, and how long?
        From which year on will {supplier} be free to disclose what it learned from us?
        How many years till what {supplier} knows about us is no longer confidential?
        Does the contract put a lid on what {supplier} may say about us?
        Secrecy {supplier}, still running?
        I showed the prototype to {supplier} in good faith. Tell me they can't reveal it for a good few years.
        How long is {supplier} supposed to keep it zipped about our new line?
        Can a former partner like {supplier} ever reveal our methods once the contract is history?
        Hush-hush obligations for {supplier}: what's the time span?
        We want to present test results from {supplier} at a conference. Is that barred by confidentiality?
        Over which period is disclosure forbidden to {supplier}?
        Kindly let us have the duration for which {supplier} shall treat information as confidential.
        For {supplier}, the confidential information must be hold secret how long time?
        Does the vow of silence with {supplier} cover the years after we stop buying?
        The gentleman from {supplier} overheard our pricing strategy. Is he bound to keep it confidential?
        Are both sides, us and {supplier}, bound to keep things private, and for what time?
        I'm about to share unreleased sketches with {supplier}. Is there any non-disclosure cover for that?
        Sensitive stuff given to {supplier}: protected against being passed on, yes or no, and how many years?
        Boss wants to know: will {supplier} keep its mouth shut?
        In which year will our secrets at {supplier} become fair game?
        Let me know the shelf life of the confidentiality pledge by {supplier}.
        Will the confidentiality undertaking outlive our deal with {supplier}?
        How many years of keeping quiet can we demand from {supplier}?
        Seen the secrecy paragraph for {supplier}? What period does it name?
        Imagine {supplier} starts supplying our rival. Would our technical secrets remain off limits, and how long?
        The press office at {supplier} would like to name details of our machine. Do they need to stay silent?
        Has {supplier} pledged not to disclose what it sees in our plant?
        Are employees of {supplier} allowed to chat about what they see in our lab?
        Up to what date would it be a breach for {supplier} to give away our secrets?
        Some slides from {supplier} are stamped "confidential". How many years do we have to respect that?
        What time limit is there on the non-disclosure duty towards {supplier}?
        Could you remind me for what stretch of time we and {supplier} promised each other secrecy?
        An intern posted a photo of a secret tool from {supplier}. Did that violate any confidentiality duty of ours?
        Say we fall out with {supplier}; do our secrets stay with them, and until when?
        Need to know if {supplier} has to keep schtum.""",
        """how long confidentiality with {supplier} lasts
        how long {supplier} must keep our secrets
        how long the NDA with {supplier} runs
        how many years of confidentiality we have with {supplier}
        what the confidentiality period with {supplier} is
        whether {supplier} is bound to secrecy
        when the confidentiality with {supplier} ends
        how long we must keep {supplier} information secret
        for how long {supplier} is bound to confidentiality
        if {supplier} must keep our data confidential
        how long {supplier} has to keep quiet about our know-how
        when {supplier} may talk about our designs
        whether {supplier} is allowed to pass on our blueprints
        how many years the non-disclosure term with {supplier} is
        if the secrecy obligation of {supplier} runs out at some point
        until when {supplier} must keep our formula under wraps
        whether {supplier} owes us discretion
        how long our trade secrets are safe with {supplier}
        what {supplier}'s secrecy period is
        when {supplier}'s NDA expires
        if {supplier} could tell a competitor about our product
        how many years of silence were agreed with {supplier}
        whether we may share what {supplier} told us in private
        how long we have to lock away the papers from {supplier}
        whether secrecy survives the contract with {supplier}
        if there's a non-disclosure clause with {supplier}
        how long information exchanged with {supplier} is protected from disclosure
        for how many years {supplier} holds our data in confidence
        whether {supplier} signed a non-disclosure agreement
        how long after the contract {supplier} still has to keep our secrets
        what we agreed with {supplier} on non-disclosure
        until when {supplier} is not allowed to reveal anything
        how long the lips of {supplier} are sealed
        if {supplier} can go public with our internal data
        what the term of the confidentiality clause with {supplier} is
        whether the duty of silence still binds {supplier}
        for how long we must keep the know-how of {supplier} to ourselves
        how long {supplier} needs to treat our drawings as secret
        when our sensitive data at {supplier} stops being protected by secrecy
        how long {supplier} must guard our business secrets
        whether there is a sunset on the secrecy promise of {supplier}
        over which period {supplier} is forbidden to disclose anything
        from which year on {supplier} is free to reveal what it learned from us
        what shelf life the confidentiality pledge by {supplier} has
        if {supplier} pledged not to disclose what it sees in our plant
        how long {supplier} is supposed to keep it zipped
        what time limit the non-disclosure duty of {supplier} has
        whether staff of {supplier} may chat about our lab
        for what stretch of time we and {supplier} promised each other secrecy
        if our sketches are shielded by a non-disclosure promise from {supplier}
        how many years the stamp "confidential" on papers from {supplier} counts
        whether the vow of silence continues once we stop buying from {supplier}
        when our secrets at {supplier} become fair game
        if the contract puts a lid on what {supplier} may say about our technology
        whether a blog post about the project with {supplier} would break secrecy
        what period the secrecy paragraph for {supplier} names
        if {supplier} can ever reveal our methods to outsiders
        until which date it would be a breach for {supplier} to give away our secrets
        whether {supplier} has to keep schtum
        how many years of keeping quiet we can demand from {supplier}
        who {supplier} may tell about our recipe
        whether the files we gave {supplier} have to stay hidden from third parties""",
        """confidentiality
        the confidentiality
        secrecy
        the confidentiality period
        the NDA
        keeping secrets
        the duty of secrecy
        confidential information
        the secrecy period
        the non-disclosure term
        the secrecy clause
        the NDA term
        trade secrets
        the years of secrecy
        the duty of silence
        the term of confidentiality
        keeping information private
        the duty of discretion
        the confidentiality obligation
        the protection of our know-how
        the non-disclosure period
        the length of the secrecy obligation
        keeping quiet
        disclosure to third parties
        the vow of silence
        passing on secrets
        the ban on disclosure
        how long secrets are kept
        sensitive information
        the confidentiality pledge
        leaking our know-how
        the duration of the NDA
        sharing confidential documents with outsiders
        the secrecy promise
        the handling of business secrets""",
    ),
}

HELD_OUT: Mapping[str, Asking] = {
    "tariffs": _asking(
        """Would {supplier} foot the bill for tariffs?
        Which side carries customs charges in our deal with {supplier}?
        Is the tariff burden ours if we import from {supplier}?
        At whose expense are tariffs on {supplier} shipments?
        Could we end up paying duty on what {supplier} sends?
        New import tariffs were announced: are they {supplier}'s business?
        Does the contract make {supplier} shoulder the tariffs?
        Say customs wants money for a {supplier} parcel, who settles it?
        Import levies and {supplier}: who takes the hit?
        Do we share the cost of duties with {supplier}?
        Who gets the customs bill, {supplier} or our company?
        Would a tariff hit us or {supplier}?""",
        """who foots the tariff bill with {supplier}
        which side the customs charges fall on with {supplier}
        whether {supplier} shoulders import levies
        at whose expense duties on {supplier} shipments are""",
        """import levies
        the tariff burden
        customs charges""",
    ),
    "payment": _asking(
        """What is the deadline for settling bills of {supplier}?
        How long may an invoice of {supplier} stay open?
        In what time frame does {supplier} expect payment?
        When at the latest should the money reach {supplier}?
        How generous is {supplier} with payment?
        Accounting asks when {supplier} must be paid at the latest.
        Does {supplier} give us time to pay, and how many days?
        What did we agree on paying {supplier}'s invoices?
        Before how many days are over must {supplier} see the money?
        How many days' credit have we got at {supplier}?
        Could we pay {supplier} next month?
        When will a bill by {supplier} become overdue?""",
        """how long a bill from {supplier} may stay open
        in what time {supplier} expects its money
        when an invoice by {supplier} becomes overdue
        how much time accounting has to pay {supplier}""",
        """the time to pay
        settling invoices
        the deadline for bills""",
    ),
    "warranty": _asking(
        """Over what period does {supplier} answer for faulty goods?
        For what time are purchases from {supplier} protected against defects?
        When does the warranty on {supplier} goods run out?
        Would {supplier} still repair something after a year?
        How many months can we come back to {supplier} with a fault?
        What cover against defects comes with {supplier} products?
        A part by {supplier} failed; is it still in warranty?
        How long do we have warranty rights against {supplier}?
        Is one year of warranty right for {supplier}?
        What's the guarantee time on stuff by {supplier}?
        Which warranty period was agreed with {supplier}?
        Till when does {supplier} exchange faulty parts?""",
        """when the warranty on {supplier} goods runs out
        how many months we can complain about faults to {supplier}
        how long warranty claims against {supplier} are possible
        over what period {supplier} answers for defects""",
        """warranty claims
        the guarantee time
        cover for defects""",
    ),
    "termination": _asking(
        """What lead is needed to walk away from {supplier}?
        Suppose we drop {supplier}: how many days before must we say so?
        How far in advance do we have to tell {supplier} that we quit?
        Is it hard to exit the {supplier} agreement?
        What is the exit period in the {supplier} contract?
        How do we terminate {supplier} properly?
        We are unhappy with {supplier}; how soon could the contract be over?
        How many days remain once we give {supplier} notice?
        What does it take to end our agreement with {supplier}?
        By what notice may {supplier} be dismissed?
        How many days before leaving do we write to {supplier}?
        Could we part ways with {supplier} within a month?""",
        """how we walk away from {supplier}
        how far in advance we have to tell {supplier} that we leave
        what the exit period with {supplier} is
        how soon the agreement with {supplier} could be over""",
        """the exit period
        leaving the contract
        giving notice""",
    ),
    "penalty": _asking(
        """What are the consequences of a delayed shipment by {supplier}?
        How do we get compensated when {supplier} misses a deadline?
        Which sanction applies if goods from {supplier} come too late?
        Is there a charge per week when {supplier} runs behind?
        What must {supplier} pay us if the goods don't arrive on time?
        A shipment by {supplier} is overdue; what's the weekly penalty?
        How expensive is a late week for {supplier}?
        Does lateness cost {supplier} anything?
        Which weekly rate applies when {supplier} delays?
        How is {supplier} penalised for not delivering on time?
        What do we earn from delays by {supplier}?
        By what percent does the price drop if {supplier} is behind schedule?""",
        """what the consequences are when {supplier} misses a delivery date
        how {supplier} compensates us for delays
        which sanction there is for {supplier} being late
        how expensive lateness is for {supplier}""",
        """delayed shipments
        the sanction for lateness
        compensation for late goods""",
    ),
    "liability": _asking(
        """What is the ceiling for damages claims against {supplier}?
        How much would {supplier} owe us in the worst case?
        Which amount limits what {supplier} is liable for?
        Can we claim unlimited damages from {supplier}?
        To what extent can {supplier} be held liable?
        What's {supplier}'s exposure under the contract?
        Say {supplier} burns down our hall: what's their maximum liability?
        What liability did {supplier} accept?
        What cap protects {supplier} from our claims?
        Is there an upper bound to what {supplier} pays for damage?
        How limited is the liability of {supplier}?
        Above which amount is {supplier} no longer liable?""",
        """to what extent {supplier} can be held liable
        what the ceiling for damages from {supplier} is
        how much {supplier} would owe in the worst case
        above which amount {supplier} is no longer liable""",
        """the ceiling for damages
        the extent of liability
        the damages cap""",
    ),
    "price_increase": _asking(
        """What annual price rise must we expect from {supplier}?
        How stable are {supplier}'s prices?
        Could {supplier} get more expensive?
        Is a price rise by {supplier} permitted, and how large?
        By what percent might {supplier}'s prices climb?
        Does our contract protect us from price rises by {supplier}?
        How much inflation can {supplier} pass on to us?
        Which yearly increase did we grant {supplier}?
        Does {supplier} have room to put prices up?
        Our {supplier} rep mentions new prices; what's the maximum rise?
        To what degree can {supplier} adapt its price list?
        Are we safe from higher prices at {supplier}?""",
        """how stable the prices of {supplier} are
        what annual price rise {supplier} can demand
        by what percent {supplier}'s prices might climb
        whether {supplier} can put its prices up""",
        """price rises
        the annual price rise
        price stability""",
    ),
    "delivery": _asking(
        """What turnaround do we get from {supplier}?
        How many weeks pass between order and arrival at {supplier}?
        Goods ordered from {supplier} should be here after how long?
        Is {supplier} quick with deliveries?
        What's the agreed delivery window for {supplier}?
        How much time does {supplier} have to bring the goods?
        How long should production wait for parts from {supplier}?
        When can the warehouse expect goods after ordering at {supplier}?
        How far ahead should we order at {supplier}?
        What time to delivery is written in the {supplier} contract?
        How slow may {supplier} be with a shipment?
        After how many weeks should a {supplier} parcel be here?""",
        """how many weeks pass until {supplier} goods arrive
        what turnaround {supplier} promises
        how far ahead we should order at {supplier}
        how much time {supplier} has to bring the goods""",
        """the turnaround
        the delivery window
        time to delivery""",
    ),
    "law": _asking(
        """Our lawyers ask what law the {supplier} contract is subject to.
        According to whose law would a court judge the {supplier} contract?
        What did we agree about applicable law in the deal with {supplier}?
        Which state's rules govern business with {supplier}?
        Is the {supplier} agreement under German law?
        To which law is the contract with {supplier} subject?
        What legal regime covers {supplier}?
        What law would judges apply between us and {supplier}?
        The law of which place holds for {supplier}?
        Which legal order rules the {supplier} agreement?
        If lawyers get involved with {supplier}, what's the law?
        Which nation's law is written into the {supplier} contract?""",
        """to which law the {supplier} contract is subject
        which state's rules govern business with {supplier}
        what legal regime covers {supplier}
        which nation's law is in the {supplier} contract""",
        """the legal regime
        the contract's law
        applicable rules of law""",
    ),
    "minimum_order": _asking(
        """Below which sum does {supplier} refuse an order?
        What's the lowest order total possible at {supplier}?
        Would {supplier} accept an order worth 20 euros?
        How much do I need to put in the basket at {supplier}?
        At what order value does {supplier} start?
        Which threshold do orders to {supplier} have to reach?
        Is any order too small for {supplier}?
        What's the floor for orders at {supplier}?
        What minimum does {supplier} ask per purchase?
        How low may the value of an order with {supplier} go?
        How many euros must a purchase at {supplier} reach?
        Does an order to {supplier} have to be of a certain value?""",
        """below which sum {supplier} refuses orders
        what threshold orders to {supplier} must reach
        how low an order with {supplier} may go
        what the floor for orders at {supplier} is""",
        """the order threshold
        the lowest order value
        the floor for orders""",
    ),
    "insurance": _asking(
        """Which coverage does the contract demand from {supplier}'s insurer?
        Has {supplier} got to be insured, and to what level?
        What policy amount is {supplier} obliged to hold?
        How large a policy did we require of {supplier}?
        What would {supplier}'s insurer cover?
        To what level does {supplier} have insurance protection?
        Is there a required sum insured for {supplier}?
        How many euros does {supplier}'s policy cover?
        Do we demand insurance from {supplier}?
        How strong is the insurance protection at {supplier}?
        With what amount should {supplier} be insured?
        What must the insurance certificate of {supplier} show?""",
        """what policy {supplier} is obliged to hold
        to what level {supplier} has to be insured
        what {supplier}'s insurer covers
        how large {supplier}'s policy must be""",
        """the policy amount
        insurance protection
        the sum insured""",
    ),
    "confidentiality": _asking(
        """Over how many years do we owe {supplier} discretion?
        When may {supplier} start talking about our projects?
        How long is what we told {supplier} protected?
        After what time can {supplier} disclose our data?
        Are our trade secrets safe with {supplier}, and how long?
        How long does non-disclosure apply to {supplier}?
        For what time did {supplier} promise to keep quiet?
        What is the duration of the secrecy duty with {supplier}?
        Does a non-disclosure duty exist with {supplier}?
        How many years is {supplier} gagged?
        When do secrets shared with {supplier} stop being protected?
        What's the length of non-disclosure in the {supplier} contract?""",
        """how long non-disclosure applies to {supplier}
        how many years {supplier} has to keep quiet
        after what time {supplier} may disclose our data
        how long what we told {supplier} is protected""",
        """non-disclosure
        discretion
        the protection of trade secrets""",
    ),
}
