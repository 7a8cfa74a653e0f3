"""What the sample company is: its products, regions, sources, names. Every name is invented."""

from __future__ import annotations

import numpy as np

COMPANY = "Aldermoor Instruments"
STAGES = ("Qualification", "Discovery", "Proposal", "Negotiation", "Won", "Lost")
PROBABILITY = np.array([0.10, 0.25, 0.50, 0.75, 1.0, 0.0])
KINDS = ("new", "expansion", "renewal")
SEGMENTS = ("Enterprise", "Mid-market", "Small business")
REGIONS = ("Central", "North", "South", "West")
SEATS_PER_TEAM = 4
TEAMS = tuple(f"{region} {line}" for region in REGIONS for line in ("Enterprise", "Commercial"))
SEATS = tuple(f"{team} {k + 1}" for team in TEAMS for k in range(SEATS_PER_TEAM))
SEAT_TEAM = np.repeat(np.arange(len(TEAMS)), SEATS_PER_TEAM)
SEAT_ENTERPRISE = SEAT_TEAM % 2 == 0
ROLES = ("Account executive", "Enterprise account executive")

PRODUCTS = (
    "Pulse 100", "Pulse 300", "Station S2", "Station S5", "Gateway G1", "Analyzer L8", "Fleet Insight", "Care Plus",
)
FAMILIES = ("Handheld", "Handheld", "Stationary", "Stationary", "Connectivity", "Laboratory", "Software", "Service")
PRICE = np.array([1450, 4200, 14800, 38500, 2900, 64000, 4800, 3600])
COST_SHARE = np.array([0.46, 0.44, 0.41, 0.39, 0.48, 0.36, 0.12, 0.35])
LEAD_TIME = np.array([1, 1, 2, 3, 2, 4, 0, 0])
STOCK_RATE = np.array([0.18, 0.18, 0.15, 0.15, 0.22, 0.14, 0.0, 0.0])
RECURRING = np.array([False] * 6 + [True] * 2)
PRODUCT_WEIGHT = np.array([
    [0.05, 0.10, 0.18, 0.20, 0.08, 0.12, 0.15, 0.12],
    [0.16, 0.18, 0.20, 0.08, 0.10, 0.02, 0.14, 0.12],
    [0.34, 0.22, 0.06, 0.00, 0.12, 0.00, 0.13, 0.13],
])
PRODUCT_EFFECT = np.array([0.15, 0.05, 0.0, -0.10, 0.10, -0.20, 0.0, 0.05])  # on the log odds of winning
PRICE_FROM = ("2021-01-01", "2024-01-01", "2025-01-01", "2025-07-01", "2026-01-01")
PRICE_FACTOR = np.array([  # by product and date above; nothing changes where the factor stays
    [1, 1.03, 1.06, 1.06, 1.09], [1, 1.03, 1.06, 1.00, 1.00], [1, 1.04, 1.08, 1.08, 1.12], [1, 1.04, 1.08, 1.08, 1.12],
    [1, 1.00, 1.03, 1.03, 1.03], [1, 1.05, 1.08, 1.08, 1.12], [1, 1.05, 1.10, 1.10, 1.16], [1, 1.03, 1.07, 1.07, 1.10],
])

SOURCES = ("Website", "Trade fair", "Webinar", "Partner", "Referral", "Outbound", "Existing customer")
SOURCE_WEIGHT = np.array([0.27, 0.15, 0.13, 0.13, 0.10, 0.22])
POOR_SOURCES = np.array([0.18, 0.30, 0.34, 0.04, 0.02, 0.12])
GOOD_SOURCES = np.array([0.24, 0.06, 0.05, 0.24, 0.26, 0.15])
SOURCE_EFFECT = np.array([0.0, -0.30, -0.45, 0.30, 0.65, -0.25, 0.0])  # on the log odds of winning
QUALIFIED = np.array([0.36, 0.28, 0.20, 0.52, 0.62])  # share of the leads of a source that qualify

CITIES = {
    "Central": [
        (48.14, 11.58), (48.78, 9.18), (50.11, 8.68), (48.21, 16.37), (47.37, 8.54), (50.94, 6.96),
        (52.52, 13.40),
    ],
    "North": [
        (55.68, 12.57), (59.33, 18.07), (59.91, 10.75), (57.71, 11.97), (60.17, 24.94), (56.16, 10.20),
        (55.60, 13.00),
    ],
    "South": [
        (45.46, 9.19), (45.07, 7.69), (44.49, 11.34), (41.39, 2.17), (40.42, -3.70), (38.72, -9.14),
        (39.47, -0.38),
    ],
    "West": [(48.86, 2.35), (45.76, 4.84), (50.63, 3.06), (50.85, 4.35), (51.22, 4.40), (52.37, 4.90), (51.51, -0.13)],
}
INDUSTRIES = (
    "Food and beverage", "Chemicals", "Automotive supply", "Water utilities", "Pharmaceuticals", "Logistics",
    "Energy",
)
TRADES = (
    ("Dairy", "Foods", "Brewing"), ("Chemie", "Coatings", "Polymers"), ("Components", "Castings", "Drives"),
    ("Waterworks", "Aqua", "Utilities"), ("Pharma", "Biotech", "Labs"), ("Logistics", "Freight", "Cold Chain"),
    ("Energy", "Power", "Grid"),
)
STEMS = (
    "Adlerbach", "Ålvik", "Arendt", "Bellavena", "Birkholm", "Bramstedt", "Calvera", "Castellnou", "Corvino",
    "Dalsund", "Delacourt", "Drost", "Eikeland", "Elster", "Fagerholm", "Ferrabosco", "Fontclara", "Gärtner",
    "Granollers", "Haugen", "Heidenau", "Hoogland", "Isarwerk", "Jelsa", "Kestrel", "Kjellberg", "Königsau",
    "Lachaume", "Lindqvist", "Lombarde", "Maasdijk", "Marchetti", "Mirandela", "Moreau", "Nordhav", "Ostermann",
    "Öresund", "Pellegrin", "Quintanar", "Ravensberg", "Roussel", "Rügen", "Salvatierra", "Sonnleitner", "Stavik",
    "Tessier", "Thornbury", "Ulvsund", "Valdoro", "Vermeulen", "Wendland", "Ysland", "Zandvoort", "Zell",
)
REP_NAMES = (
    "Anna Keller", "Bastien Moreau", "Carla Ferri", "Daan Visser", "Elif Yılmaz", "Dirk Brandt <dirk@example.com>",
    "Freja Lund", "Giulia Conti", "Hannes Vogt", "Inés Ortega", "Jonas Weiß", "Katarzyna Wójcik",
    "Lopes, Ana \"Nita\"", "Lars Holm", "Marta Ruiz", "Niklas Berg", "Olivia Hart", "Pieter de Vries",
    "Quentin Leroy", "Rosa Marino", "Søren Dahl", "Tilda Ek", "Uwe Sommer", "Valentina Greco", "William O'Neill",
    "Xenia Popova", "Yann Dubois", "Zoë Maes", "Aleksi Virtanen", "Beatriz Faria", "Clemens Huber", "Dora Szabó",
    "Emil Strand", "Fabio Russo", "Greta Lindt", "Hugo Lambert", "Ida Nyström", "Jakub Novák", "Klara Beck",
    "Luca Bianchi",
)
MANAGERS = (
    "Petra Lang", "Martin Aigner", "Sofie Krogh", "Henrik Salo", "Paola Vitale", "Diego Santos", "Claire Fournier",
    "Ruben Smit", "Miriam Stein",
)
