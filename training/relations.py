"""What can be said about a person: values, statements as predicates and as "Maria's ... is", questions, and news."""
from collections import namedtuple

Relation = namedtuple("Relation", "values predicates possessives questions changes is_open")


def _closed(values, predicates, possessives, questions, changes):
    words = [v.strip() for v in values.split(",")] if "," in values else values.split()
    return Relation(words, predicates, possessives, questions, changes, False)


def _open(predicates, possessives, questions, changes):
    return Relation([], predicates, possessives, questions, changes, True)


MONTHS = "January February March April May June July August September October November December".split()
STREET_NAMES = """Elm Oak Maple Cedar Mill King Queen Bridge Church Station Market River Hill Garden Castle Harbour Forest School
North South East West Lake Park Rose Victoria Windsor Albion""".split()
STREET_KINDS = ["Street", "Road", "Lane", "Avenue"]
PROJECTS = """Falcon Orion Atlas Comet Nova Titan Apollo Zephyr Saturn Mercury Phoenix Dragon Condor Aurora Neptune Cobra Gemini
Vega Delta Omega Sigma Lotus Summit Horizon Beacon Harvest Lantern Meadow""".split()


def open_value(rng, relation):
    if relation == "age":
        return str(rng.randint(18, 89))
    if relation == "birthday":
        return "%d %s" % (rng.randint(1, 28), rng.choice(MONTHS))
    if relation == "code":
        return "%d" % rng.randint(1000, 9999)
    if relation == "street":
        return "%s %s" % (rng.choice(STREET_NAMES), rng.choice(STREET_KINDS))
    if relation == "room":
        return "%d" % rng.randint(100, 999)
    if relation == "employer":
        return rng.choice(COMPANIES)
    raise KeyError(relation)


def _companies():
    import random
    rng, out = random.Random(5), {}
    while len(out) < 400:
        word = "".join(rng.choice("b d f g k l m n p r s t v z".split()) + rng.choice("a e i o u".split()) for _ in range(rng.choice([2, 3])))
        out[(word + rng.choice(["", "n", "x", "tec", "soft", "corp"])).capitalize()] = None
    return list(out)


COMPANIES = _companies()

RELATIONS = {
    "city": _closed(
        "Lisbon, Paris, Tokyo, Oslo, Cairo, Lima, Dublin, Vienna, Prague, Athens, Madrid, Berlin, Rome, Kyoto, Quito, Delhi, Seoul, "
        "Boston, Denver, Geneva, Milan, Havana, Riga, Sofia, London, Warsaw, New York, Cape Town, Hong Kong, San Diego, Buenos Aires, Tel Aviv",
        ["live{s} in {v}", "{has} a home in {v}", "rent{s} a flat in {v}"], ["home is in {v}", "house is in {v}"],
        ["Where {does} {S} live?", "In which city {does} {S} live?", "Where is {P} home?", "In which city is {P} house?"],
        ["moved to {v}", "now live{s} in {v}", "{has} moved to {v}"]),
    "job": _closed(
        "baker pilot nurse farmer lawyer tailor miner sailor plumber teacher dentist chemist banker barber butcher carpenter painter printer "
        "surgeon waiter writer guard judge cook gardener driver jeweller librarian translator",
        ["work{s} as a {v}", "{is} a {v}", "earn{s} money as a {v}"], ["job is {v}"],
        ["What {does} {S} work as?", "What is {P} job?", "Which job {does} {S} have?", "What {does} {S} do for a living?", "What is the job of {S}?", "What {does} {S} do?"],
        ["became a {v}", "now work{s} as a {v}", "{is} now a {v}"]),
    "pet": _closed(
        "parrot cat dog hamster rabbit turtle pony snake goat canary ferret lizard duck goose mouse pigeon spider frog crab donkey hedgehog "
        "squirrel lamb hen",
        ["keep{s} a {v}", "{has} a {v} at home", "look{s} after a {v}"], ["pet is a {v}"],
        ["Which animal {does} {S} keep?", "What pet {does} {S} have?", "What animal is {P} pet?", "Which pet {does} {S} have?", "What is the pet of {S}?"],
        ["now keep{s} a {v}", "got a {v} instead"]),
    "petname": _closed(
        "Otto Bingo Rex Milo Luna Coco Ziggy Pepper Toby Simba Nemo Daisy Rusty Shadow Tiger Biscuit Waffles Pickles Noodle Sparky Gizmo "
        "Bandit Whisky Muffin",
        ["{has} a pet called {v}", "named the pet {v}", "call{s} the pet {v}"], ["pet is called {v}", "pet is named {v}"],
        ["What is the name of {P} pet?", "What is {P} pet called?", "How {does} {S} call the pet?"],
        ["renamed the pet {v}", "now call{s} the pet {v}"]),
    "drink": _closed(
        "tea, coffee, milk, water, juice, cocoa, cider, beer, wine, lemonade, soda, rum, gin, brandy, nectar, kefir, punch, broth, tonic, mead, "
        "smoothies, espresso, champagne, vodka, green tea, iced coffee, ginger ale, hot chocolate",
        ["like{s} to drink {v}", "always order{s} {v}", "drink{s} {v}", "prefer{s} {v}"], ["favourite drink is {v}"],
        ["What {does} {S} drink?", "What {does} {S} like to drink?", "What is {P} favourite drink?", "What is the favourite drink of {S}?", "What {does} {S} always order?"],
        ["now drink{s} {v}", "now like{s} to drink {v}"]),
    "food": _closed(
        "pasta, rice, soup, bread, cheese, salad, pizza, curry, stew, fish, beans, eggs, pancakes, dumplings, noodles, potatoes, mushrooms, "
        "sausages, lentils, olives, spinach, carrots, honey, tofu, apple pie, fried rice, roast beef, lemon cake",
        ["love{s} to eat {v}", "often cook{s} {v}", "eat{s} {v} every week"], ["favourite food is {v}"],
        ["What {does} {S} love to eat?", "What {does} {S} often cook?", "What is {P} favourite food?"],
        ["now eat{s} {v}", "now love{s} to eat {v}"]),
    "allergy": _closed(
        "peanuts pollen dust shellfish cats wool latex soy wheat milk eggs strawberries bees perfume penicillin sesame mustard celery walnuts "
        "almonds kiwi tomatoes",
        ["{is} allergic to {v}", "cannot stand {v}", "get{s} ill from {v}"], ["allergy is to {v}"],
        ["What {is} {S} allergic to?", "What makes {S} ill?", "What is {P} allergy?"],
        ["{is} now allergic to {v}", "found out that {v} are bad"]),
    "instrument": _closed(
        "piano violin guitar flute trumpet cello harp drums banjo oboe clarinet organ tuba lute viola bassoon accordion horn mandolin "
        "trombone saxophone harmonica ukulele zither",
        ["play{s} the {v}", "practise{s} the {v} each day", "own{s} a good {v}"], ["instrument is the {v}"],
        ["Which instrument {does} {S} play?", "What {does} {S} practise each day?", "What is {P} instrument?"],
        ["now play{s} the {v}", "switched to the {v}"]),
    "sport": _closed(
        "tennis golf rugby chess boxing rowing cycling skiing judo fencing hockey cricket archery surfing climbing karate squash bowling "
        "swimming running football baseball volleyball sailing",
        ["train{s} {v} on Sundays", "{is} good at {v}", "watch{es} {v} on television"], ["sport is {v}", "hobby is {v}"],
        ["Which sport {does} {S} train?", "What is {P} sport?", "What {is} {S} good at?", "What is {P} hobby?"],
        ["now train{s} {v} on Sundays", "took up {v}"]),
    "car": _closed(
        "red blue green yellow black white grey brown purple pink silver golden beige crimson turquoise violet bronze maroon scarlet teal "
        "navy lime cream copper",
        ["drive{s} a {v} car", "bought a {v} car", "own{s} a {v} car"], ["car is {v}"],
        ["What colour is {P} car?", "Which colour of car {does} {S} drive?", "What colour is the car of {S}?", "What colour of car {does} {S} own?"],
        ["painted the car {v}", "now drive{s} a {v} car"]),
    "language": _closed(
        "Greek Latin Welsh Dutch Polish Czech Danish Arabic Hindi Korean Thai Turkish Finnish Irish Swahili Basque Russian Persian Hebrew "
        "Malay Spanish French Italian Swedish",
        ["speak{s} {v}", "{is} learning {v}", "read{s} books in {v}"], ["first language is {v}"],
        ["Which language {does} {S} speak?", "What language {does} {S} know?", "What is {P} first language?"],
        ["{is} now learning {v}", "now speak{s} {v}"]),
    "collection": _closed(
        "stamps, coins, shells, maps, clocks, dolls, hats, posters, masks, bottles, knives, buttons, postcards, spoons, feathers, fossils, lamps, "
        "puppets, stones, keys, marbles, rings, badges, kites, old books, toy trains",
        ["collect{s} {v}", "own{s} a box of {v}", "{has} many {v}"], ["shelf is full of {v}"],
        ["What {does} {S} collect?", "What is on {P} shelf?", "What {is} {S} collecting?"],
        ["now collect{s} {v}", "started to collect {v}"]),
    "flower": _closed(
        "roses tulips lilies daisies orchids violets poppies irises asters dahlias peonies lupins lilacs sunflowers begonias jasmine lavender "
        "carnations daffodils marigolds pansies hyacinths snowdrops heather",
        ["grow{s} {v} in the garden", "planted {v}", "water{s} the {v} every morning"], ["garden is full of {v}"],
        ["What {does} {S} grow in the garden?", "Which flowers {does} {S} grow?", "What is in {P} garden?"],
        ["now grow{s} {v} in the garden", "replaced the flowers with {v}"]),
    "country": _closed(
        "Portugal, France, Japan, Norway, Egypt, Peru, Ireland, Austria, Greece, Spain, Germany, Italy, Ecuador, India, Korea, Cuba, Latvia, "
        "Bulgaria, Poland, Kenya, Chile, Canada, Turkey, Iceland, New Zealand, South Africa, Costa Rica, Sri Lanka",
        ["come{s} from {v}", "was born in {v}", "grew up in {v}"], ["family comes from {v}"],
        ["Where {does} {S} come from?", "Where was {S} born?", "Which country {does} {S} come from?"],
        ["in fact come{s} from {v}", "was in fact born in {v}"]),
    "subject": _closed(
        "history physics biology geography music law medicine poetry logic botany zoology geology algebra geometry grammar theology philosophy "
        "economics astronomy drama statistics genetics ethics optics",
        ["stud{ies} {v}", "take{s} a course in {v}", "read{s} about {v}"], ["course is {v}"],
        ["What {does} {S} study?", "Which course {does} {S} take?", "What {does} {S} read about?"],
        ["now stud{ies} {v}", "changed to {v}"]),
    "trip": _closed(
        "Sweden, Morocco, Vietnam, Scotland, Tunisia, Mexico, Croatia, Malta, Cyprus, Nepal, Jordan, Oman, Finland, Belgium, Estonia, Hungary, "
        "Panama, Bolivia, Jamaica, Fiji, Hawaii, Sicily, Corsica, Madeira",
        ["plan{s} a trip to {v}", "want{s} to visit {v}", "booked a flight to {v}"], ["next trip goes to {v}", "holiday will be in {v}"],
        ["Where {does} {S} want to travel?", "Where will {P} holiday be?", "Which place {does} {S} want to visit?"],
        ["now plan{s} a trip to {v}", "changed the flight to {v}"]),
    "day": _closed(
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        ["{has} a lesson on {v}", "{is} free on {v}", "visit{s} the doctor on {v}"], ["day off is {v}"],
        ["On which day {is} {S} free?", "Which day is {P} day off?", "When {does} {S} have a lesson?"],
        ["moved the lesson to {v}", "{is} now free on {v}"]),
    "project": _closed(
        ", ".join(PROJECTS),
        ["work{s} on project {v}", "lead{s} project {v}", "joined project {v}"], ["project is called {v}", "team builds project {v}"],
        ["Which project {does} {S} work on?", "What is {P} project called?", "Which project {does} {S} lead?"],
        ["switched to project {v}", "now work{s} on project {v}"]),
    "friend": _closed(
        "Abigail, Bernard, Camille, Desmond, Esther, Florian, Gloria, Hector, Isabel, Jasper, Lydia, Marvin, Noemi, Oswald, Priya, Quentin, Rosa, "
        "Selma, Theo, Uma, Valerie, Wesley, Yvonne, Zachary",
        ["{is} a friend of {v}", "often meet{s} {v}", "{is} married to {v}"], ["best friend is {v}", "neighbour is {v}"],
        ["Who is {P} best friend?", "Whom {does} {S} often meet?", "Who is {P} friend?"],
        ["now often meet{s} {v}", "made friends with {v}"]),
    "age": _open(
        ["{is} {v} years old", "turned {v} this year"], ["age is {v}"],
        ["How old {is} {S}?", "What is {P} age?", "How many years old {is} {S}?"],
        ["{is} now {v} years old", "just turned {v}"]),
    "birthday": _open(
        ["{has} a birthday on {v}", "was born on {v}", "celebrate{s} on {v}"], ["birthday is on {v}"],
        ["When is {P} birthday?", "On which date was {S} born?", "When {does} {S} celebrate?"],
        ["in fact celebrate{s} on {v}", "was in fact born on {v}"]),
    "code": _open(
        ["use{s} the door code {v}", "open{s} the safe with {v}"], ["door code is {v}", "number is {v}"],
        ["What is {P} door code?", "Which code {does} {S} use?", "What is {P} number?"],
        ["changed the code to {v}", "now use{s} the door code {v}"]),
    "street": _open(
        ["{has} a house in {v}", "stay{s} at a flat in {v}"], ["address is {v}", "street is {v}"],
        ["What is {P} address?", "In which street {does} {S} stay?", "What is {P} street?"],
        ["now stay{s} in {v}", "{has} a new house in {v}"]),
    "room": _open(
        ["sit{s} in room {v}", "work{s} in room {v}"], ["office is room {v}", "room number is {v}"],
        ["In which room {does} {S} sit?", "What is {P} room number?", "Which room is {P} office?"],
        ["moved to room {v}", "now sit{s} in room {v}"]),
    "employer": _open(
        ["{is} employed by {v}", "got a contract with {v}", "{is} paid by {v}"], ["company is {v}", "employer is {v}"],
        ["Who employs {O}?", "What is {P} company?", "What is {P} employer called?"],
        ["{is} now employed by {v}", "changed to the company {v}"]),
}
