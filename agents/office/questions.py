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
        Are the customs duties split with {supplier}?""",
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
        if {supplier} takes over the tariffs""",
        """the tariffs
        tariffs
        the import duties
        customs duties
        import taxes
        the customs costs
        tariffs and duties
        the import tariffs
        customs
        duties""",
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
        How many days until a {supplier} bill is due?""",
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
        how many days net we have at {supplier}""",
        """the payment term
        payment terms
        the payment terms
        the payment deadline
        the due date of invoices
        payment
        paying invoices
        the payment period
        the invoice term
        days to pay""",
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
        Something from {supplier} broke. How long is the warranty?""",
        """how long the warranty from {supplier} is
        how long {supplier} gives warranty
        how many months of warranty {supplier} gives
        what warranty {supplier} gives us
        what the warranty period of {supplier} is
        how long the guarantee of {supplier} lasts
        how long goods from {supplier} are under warranty
        what guarantee we get from {supplier}
        how long {supplier} must repair defects for free
        for how many months {supplier} guarantees its products""",
        """the warranty
        warranty
        the warranty period
        the guarantee
        warranty months
        defects and warranty
        the product warranty
        the guarantee period
        the length of the warranty""",
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
        How many days ahead must we terminate {supplier}?""",
        """how much notice we must give {supplier}
        how long the notice period with {supplier} is
        how we can end the contract with {supplier}
        how fast we can cancel {supplier}
        how many days of notice {supplier} needs
        what the notice period of {supplier} is
        when we can terminate the contract with {supplier}
        how early we have to cancel {supplier}
        how we get out of the contract with {supplier}
        what notice it takes to terminate {supplier}""",
        """the notice period
        the termination notice
        termination
        cancelling the contract
        the cancellation period
        ending the contract
        notice
        terminating it
        the period of notice
        cancellation""",
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
        Are there liquidated damages for delays by {supplier}?""",
        """what happens if {supplier} delivers late
        what {supplier} pays for late delivery
        how high the penalty is if {supplier} is late
        what penalty {supplier} owes for delays
        how much {supplier} pays per week of delay
        what we get if {supplier} is late
        whether {supplier} pays a penalty for being late
        what we can charge {supplier} for late delivery
        what the late delivery penalty of {supplier} is
        what a delay costs {supplier}""",
        """the late delivery penalty
        late delivery
        the penalty for delays
        late deliveries
        the delay penalty
        penalties
        the late fee
        being late
        the penalty
        delays""",
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
        Where does {supplier}'s liability end?""",
        """how much {supplier} is liable for
        up to what amount {supplier} is liable
        what the liability cap of {supplier} is
        how far {supplier} is liable
        whether the liability of {supplier} is capped
        at what amount {supplier}'s liability is limited
        how high the liability limit of {supplier} is
        what the most is that {supplier} pays in damages
        how much damages we can claim from {supplier}
        what the maximum liability of {supplier} is""",
        """the liability cap
        liability
        the limit of liability
        the liability limit
        maximum liability
        the cap on damages
        liability for damage
        the maximum damages
        the limitation of liability""",
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
        Could {supplier} charge us more next year?""",
        """how much {supplier} can raise prices
        by how much {supplier} may increase its prices
        whether {supplier} can raise prices
        if {supplier} may raise its prices
        whether the prices of {supplier} are fixed
        if prices at {supplier} are fixed
        what price increase {supplier} is allowed
        how much more {supplier} can charge next year
        what the maximum price increase of {supplier} is
        if {supplier} is allowed to increase prices""",
        """price increases
        the price increase
        raising prices
        higher prices
        the maximum price increase
        price changes
        prices
        fixed prices
        price hikes
        price adjustments""",
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
        By when does {supplier} have to deliver an order?""",
        """how long {supplier} takes to deliver
        how long delivery from {supplier} takes
        how fast {supplier} delivers
        how many weeks {supplier} needs to deliver
        what the delivery time of {supplier} is
        what the lead time of {supplier} is
        when {supplier} delivers
        how soon {supplier} must deliver
        within how many weeks {supplier} delivers
        how long we wait for goods from {supplier}""",
        """the delivery time
        delivery
        the lead time
        lead time
        delivery times
        shipping time
        the delivery period
        how long delivery takes
        the time of delivery""",
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
        Which law did we choose with {supplier}?""",
        """which law applies to the contract with {supplier}
        which law governs the {supplier} contract
        what the governing law with {supplier} is
        under which law the {supplier} contract is
        which country's law applies to {supplier}
        whose law applies with {supplier}
        which law we agreed with {supplier}
        what law counts in a dispute with {supplier}
        what the applicable law for {supplier} is
        which jurisdiction applies to {supplier}""",
        """the governing law
        the applicable law
        governing law
        which law applies
        the law
        jurisdiction
        the choice of law
        the law of the contract
        applicable law""",
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
        What must an order at {supplier} be worth?""",
        """what the minimum order at {supplier} is
        how much we must order from {supplier} at least
        whether {supplier} has a minimum order
        if there is a minimum order value at {supplier}
        what the smallest order at {supplier} is
        how big an order at {supplier} must be
        what the minimum order value of {supplier} is
        from what amount {supplier} accepts orders
        how much we have to spend at {supplier} per order
        if {supplier} takes small orders""",
        """the minimum order
        the minimum order value
        minimum order value
        the smallest order
        the minimum spend
        small orders
        order minimums
        the minimum purchase
        the minimum value of an order""",
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
        How big is the insurance policy of {supplier}?""",
        """what insurance {supplier} must carry
        how much insurance {supplier} has
        for how much {supplier} is insured
        whether {supplier} is insured
        if {supplier} needs insurance
        what the insurance cover of {supplier} is
        how high the insurance of {supplier} must be
        what insurance {supplier} has to have
        what sum {supplier} is insured for
        how well {supplier} is insured""",
        """the insurance
        insurance
        the insurance cover
        insurance cover
        the insured sum
        the insurance policy
        required insurance
        the insurance requirement
        insurance coverage""",
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
        Can {supplier} share our business secrets?""",
        """how long confidentiality with {supplier} lasts
        how long {supplier} must keep our secrets
        how long the NDA with {supplier} runs
        how many years of confidentiality we have with {supplier}
        what the confidentiality period with {supplier} is
        whether {supplier} is bound to secrecy
        when the confidentiality with {supplier} ends
        how long we must keep {supplier} information secret
        for how long {supplier} is bound to confidentiality
        if {supplier} must keep our data confidential""",
        """confidentiality
        the confidentiality
        secrecy
        the confidentiality period
        the NDA
        keeping secrets
        the duty of secrecy
        confidential information
        the secrecy period""",
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
