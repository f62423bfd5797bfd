"""The words that names are made of."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.split("|"))


STEMS = _words(
    """Norvik Halden Altmark Brightwater Corvus Delphi Eastgate Falkenberg Greystone Harrow Ironbridge Juniper
    Kestrel Lindholm Merrow Northgate Oakfield Pinnacle Quarry Ravensworth Silverton Tamarack Umbria Vantage
    Westbrook Yarrow Zenith Aurora Beacon Cobalt Drakon Ember Foxglove Garnet Hawthorn Indigo Jasper Krona Lumen
    Magnolia Nimbus Orion Polaris Quantum Redwood Sable Titan Ursa Valor Willow Xenon Yellowstone Zephyr Atlas
    Birchwood Cedar Dunmore Elmhurst Fairway Glenmore Highland Islay Jutland Kingsley Langford Midland Newhaven
    Ostend Penrose Queensway Rockwell Stonebridge Thornbury Upland Viking Wexford Yorkdale Zeeland Adler Bergmann
    Condor Dynamo Edelweiss Fjord Grönland Häussler Iberia Jäger Köhler Löwen Münster Nørgaard Øresund Pérez
    Quintero Rössler Schönberg Tübinger Überall Väst Wörth Zürcher Ångström Élan Éclair Señal Façade Brío Citadel
    Domino Everest Fulcrum Gemini Helix Ibex Jade Keystone Lynx Monarch Nexus Obsidian Pioneer Raptor Summit
    Trident Unity Vertex Wolfram Apex Baltic Cascade Danube Evergreen Frontier Granite Horizon Interlake Jubilee
    Kodiak Laurel Meridian Neptune Orchard Phoenix Riverside Sequoia Tundra Voyager Windsor Anchor Bluebird
    Clover Driftwood Eagle Falcon Goldfinch Heron Ivory Lakeshore Maple Nightingale Osprey Pelican Robin Starling
    Tern Wren Acorn Bramble Crescent Dawn Echo Fern Glacier Harbour Island Kite Lantern Mosaic Opal Prism Ridge
    Sterling Topaz Verdant Wharf 3Peaks 21Century Alpha7 Delta9 A1 B2X Trans4 NorTec MaxiPro EuroFit ProLine
    SafeCo TecnoPlus BioVia InterTool AgriMax OmniWare MetroFab UniPack HydroLux ThermoKing AeroDyn PetroVal"""
)
SURNAMES = _words(
    """Lindqvist Berg Okafor Tanaka Müller O'Brien García Novak Kowalski Jensen Petrov Rossi Dubois Schneider
    Nakamura Andersson Hoffmann Silva Costa Moreau Fischer Weber Larsen Nielsen Virtanen Korhonen Papadopoulos
    Yilmaz Demir Haddad Rahman Patel Sharma Gupta Singh Nguyen Tran Kim Park Chen Wang Zhao Suzuki Sato Mbeki
    Nkosi Adeyemi Mensah Diallo Traoré Hernández López Martínez Castillo Vargas Rojas Fernández Almeida Barbosa
    Ferreira Brown Clarke Davies Evans Foster Graham Hughes Irving Johnson Kelly Lawson Mitchell Newton Owens
    Parker Quinn Reid Stewart Turner Underwood Vaughan Walker Young Zimmer Abbott Bishop Carver Dalton Ellis
    Fletcher Gibson Holt Ingram Jarvis Keller Lowe Marsh Nash Osborne Pratt Quigley Rowe Sharpe Tate Unger Vogel
    Wagner Xu Yates Ziegler Bauer Becker Braun Dietrich Engel Frank Günther Huber Jung Krause Lange Maier Neumann
    Otto Peters Richter Schäfer Thiel Ulrich Vogt Wolf Zander Bianchi Colombo Conti Esposito Ferrari Greco
    Lombardi Marino Ricci Romano Bakker DeVries Dijkstra Hendriks Jansen Mulder Smit Visser Claes Peeters
    Janssens Lambert Laurent Mercier Roux Girard Blanc Dvořák Svoboda Horváth Szabó Nagy Kovács Popescu Ionescu
    Ivanov Sokolov Kuznetsov Marković Jovanović Hansen Olsen Dahl Strand Eriksson Nyström Mäkinen"""
)
FIRST_NAMES = _words(
    """Mara Jon Aisha Kenji Anna Liam Lucía Petra Marek Freja Ivan Giulia Claire Hans Yuki Erik Greta Paulo Inês
    Camille Felix Sofie Lars Nina Mika Eleni Emre Leyla Omar Fatima Ravi Priya Arjun Linh Minh Jisoo Wei Mei
    Haruto Thandi Kwame Amara Ade Binta Diego Carmen Mateo Elena Hugo Rosa João Beatriz Oliver Emily Harry Grace
    Jack Sophie Thomas Alice George Lucy Henry Ruth Samuel Nora Adam Clara David Eva Frank Hannah Isaac Julia
    Karl Laura Max Nadia Oscar Paula Quentin Rita Simon Tara Ulf Vera Walter Xenia Yves Zoe Andrei Bianca Carlo
    Daria Emil Fiona Gustav Helga Igor Jana Klaus Lena Milan Noemi Otto Pia Rolf Selma Tomas Ursula Viktor Wanda
    Yasmin Zoltan Aaron Bella Caleb Doris Ethan Flora Gavin Hazel Ian Joan Kurt Lydia Miles Nell Owen Polly
    Reuben Stella Tobias Una Vincent Willa"""
)
PLACES = _phrases(
    """Germany|France|Sweden|Norway|Denmark|Finland|Poland|Austria|Switzerland|Italy|Spain|Portugal|Belgium|Ireland
    |Scotland|England and Wales|Estonia|Latvia|Lithuania|Hungary|Romania|Bulgaria|Greece|Croatia|Slovenia
    |Slovakia|Luxembourg|Malta|Cyprus|Iceland|Japan|Singapore|Australia|New Zealand|Canada|Ontario|Quebec
    |Delaware|New York|California|Texas|Ohio|Illinois|Michigan|Brazil|Chile|Mexico|Argentina|Turkey|Israel|India
    |South Korea|Taiwan|Hong Kong|South Africa|Kenya|Ghana|Morocco|Egypt|Vietnam|Thailand|Malaysia
    |the Netherlands|the Czech Republic|Florida|Washington|Virginia|Georgia|Bavaria|Jersey|Guernsey|Liechtenstein
    |Monaco|Serbia|Uruguay|Peru|Colombia|Panama|Costa Rica|Tunisia|Jordan|Indonesia|the Philippines
    |British Columbia|Alberta|Nevada|Oregon|Utah|Colorado|Queensland|Victoria"""
)
TRADES = _words(
    """Metals Supply Trading Tools Logistics Industries Paper Works Components Furniture Packaging Electronics
    Textiles Plastics Steel Timber Chemicals Catering Office Print Systems Technologies Solutions Materials
    Hardware Fasteners Foods Lighting Cables Glass Ceramics Machinery Instruments Optics Coatings Paints
    Stationery Wholesale Distribution Imports Manufacturing Fabrication Castings Bearings Valves Pumps Motors
    Interiors Cleaning Safety Medical Energy Solar Group Partners Depot Store House Factory Forge Foundry Mill
    Labs"""
)
LEGAL_FORMS = _words("Ltd GmbH Inc. AG AB Oy S.A. B.V. LLC PLC SE Co. KG S.r.l. A/S SAS Corp.")
SYLLABLES = (
    _words(
        """bar bel bor bra cal cor dal dor el fal fen gal gor hal har il jor kal kel kor lan lor mal mer mon nar nel
        nor ol or pal per pol quor ral ren ros sal sel sol tal ter tor ul val ver vol wal wil xan yor zan zel zor
        stra tri dro kli pra flo gre sku spe thu vla wre bjö dü kö lø må né sö tü zü"""
    ),
    _words(
        """a an ar be da de di do el en er ga i ia in ka ki la le li lo ma mi na ne ni no o on ra re ri ro sa si ta te
        ti to u va vi"""
    ),
    _words(
        """berg by co dex dor fex gard ham holm ka land lex lin lux man mar met mont na nex nia nova on ora port ra
        rex ria rin rix ro ron ros sen son ster stad ta tec tek ten tex thal tia tis ton tor tron ur va vex via
        vik vo wick x zen"""
    ),
)
QUALIFIERS = _words(
    """steel brass copper aluminium stainless galvanised plastic rubber oak pine birch walnut leather cotton nylon
    glass ceramic black white grey blue red green yellow heavy-duty lightweight folding adjustable portable
    wireless digital industrial compact double single recycled insulated waterproof magnetic reinforced M6 M8 M10
    M12 A3 A4 A5 wall-mounted cordless hydraulic electric LED USB-C 12V 24V slim anti-static"""
)
SIZES = _phrases(
    """10 mm|25 mm|50 mm|20 cm|60 cm|80 cm|120 cm|160 cm|180 cm|2 m|5 m|10 m|500 ml|1 l|5 l|20 l|250 g|1 kg|25 kg
    |500 W|16 A"""
)
ARTICLES = _phrases(
    """bracket|hex bolt|wood screw|washer|hinge|pipe|valve|cable|copy paper|envelope|desk|office chair|shelf
    |filing cabinet|whiteboard|marker|ballpoint pen|notebook|stapler|printer|toner cartridge|monitor|keyboard
    |mouse|headset|webcam|laptop|docking station|power strip|extension cord|lamp|light bulb|battery|charger
    |adapter|hard drive|memory stick|router|switch|server rack|toolbox|hammer|screwdriver|wrench|drill bit
    |saw blade|ladder|trolley|pallet|crate|carton|tape|bubble wrap|label|glove|helmet|safety vest|goggles case
    |first aid kit|fire extinguisher|smoke detector|mat|carpet tile|curtain|blind|mirror|clock|coat rack|locker
    |bench|table|stool|sofa|bookcase|partition|noticeboard|flip chart|projector|screen|speaker|microphone|camera
    |tripod|phone|tablet|coffee machine|kettle|mug|plate|bowl|fork|spoon|napkin|water cooler|fridge|microwave|mop
    |broom|bucket|sponge|soap dispenser|paper towel|trash bin|bin bag|detergent|disinfectant|plant pot|gear
    |bearing|pulley|chain|belt|spring|gasket|O-ring|piston|pump|motor|fan|filter|heater|radiator|compressor
    |nozzle|hose|coupling|clamp|rivet|nail|nut|threaded rod|anchor|hook|handle|padlock|key box|sensor|relay|fuse
    |circuit breaker|resistor|capacitor|connector|terminal block|enclosure|panel|sheet|plate rack|tube|beam
    |angle profile|tarpaulin|rope|sling|jack|hoist|forklift battery|pallet jack|conveyor roller|scale|caliper
    |tape measure|spirit level|multimeter|soldering iron|glue gun|paint roller|brush|primer|varnish|sealant
    |grease|lubricant|coolant|jacket|boot|apron|overall|binder|folder|clipboard|calculator|ruler|pencil|eraser
    |scissors case|stamp|ink pad|calendar|badge holder|lanyard|parcel box|mailing bag|stretch film|strap
    |dispenser|tray|drawer unit|footrest|monitor arm|cushion"""
)
DEPARTMENTS = {
    "Logistics": _phrases("customs clearance|freight bookings|warehouse access|returns|fleet vehicles"),
    "Finance": _phrases("supplier invoices|travel expenses|budget approvals|payroll|tax filings|credit cards"),
    "Human Resources": _phrases(
        "job applications|parental leave|training courses|holiday requests|work permits|onboarding"
    ),
    "Information Technology": _phrases(
        "laptops|software licences|network outages|user accounts|data backups|phone contracts"
    ),
    "Facilities": _phrases(
        "meeting rooms|office keys|heating and cooling|parking spaces|cleaning services|building repairs"
    ),
    "Legal": _phrases("non-disclosure agreements|trademark questions|data protection|insurance claims"),
    "Sales": _phrases("customer quotes|trade fairs|price lists|key accounts"),
    "Marketing": _phrases("press enquiries|the website|company events|brochures"),
    "Quality": _phrases("product complaints|audits|certificates|measuring equipment"),
    "Purchasing": _phrases("raw materials|office supplies|spare parts|supplier onboarding|catering"),
}
"""What the people of each department look after."""
