"""What people write for a country: codes, other names, nationalities, former names, and names that mislead.

Official names in three languages stand in the code list iso_country, nationalities of the region in
nationality_man and nationality_woman, former names in historic_country. Here is what these lists do not hold.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from migkit.reference.language import N_

#: ISO 3166-1: alpha-3, alpha-2 and numeric code (the last is the M49 code of the UN), in threes.
ISO_3166 = """
ABW AW 533 AFG AF 004 AGO AO 024 AIA AI 660 ALA AX 248 ALB AL 008 AND AD 020 ARE AE 784 ARG AR 032
ARM AM 051 ASM AS 016 ATA AQ 010 ATF TF 260 ATG AG 028 AUS AU 036 AUT AT 040 AZE AZ 031 BDI BI 108
BEL BE 056 BEN BJ 204 BES BQ 535 BFA BF 854 BGD BD 050 BGR BG 100 BHR BH 048 BHS BS 044 BIH BA 070
BLM BL 652 BLR BY 112 BLZ BZ 084 BMU BM 060 BOL BO 068 BRA BR 076 BRB BB 052 BRN BN 096 BTN BT 064
BVT BV 074 BWA BW 072 CAF CF 140 CAN CA 124 CCK CC 166 CHE CH 756 CHL CL 152 CHN CN 156 CIV CI 384
CMR CM 120 COD CD 180 COG CG 178 COK CK 184 COL CO 170 COM KM 174 CPV CV 132 CRI CR 188 CUB CU 192
CUW CW 531 CXR CX 162 CYM KY 136 CYP CY 196 CZE CZ 203 DEU DE 276 DJI DJ 262 DMA DM 212 DNK DK 208
DOM DO 214 DZA DZ 012 ECU EC 218 EGY EG 818 ERI ER 232 ESH EH 732 ESP ES 724 EST EE 233 ETH ET 231
FIN FI 246 FJI FJ 242 FLK FK 238 FRA FR 250 FRO FO 234 FSM FM 583 GAB GA 266 GBR GB 826 GEO GE 268
GGY GG 831 GHA GH 288 GIB GI 292 GIN GN 324 GLP GP 312 GMB GM 270 GNB GW 624 GNQ GQ 226 GRC GR 300
GRD GD 308 GRL GL 304 GTM GT 320 GUF GF 254 GUM GU 316 GUY GY 328 HKG HK 344 HMD HM 334 HND HN 340
HRV HR 191 HTI HT 332 HUN HU 348 IDN ID 360 IMN IM 833 IND IN 356 IOT IO 086 IRL IE 372 IRN IR 364
IRQ IQ 368 ISL IS 352 ISR IL 376 ITA IT 380 JAM JM 388 JEY JE 832 JOR JO 400 JPN JP 392 KAZ KZ 398
KEN KE 404 KGZ KG 417 KHM KH 116 KIR KI 296 KNA KN 659 KOR KR 410 KWT KW 414 LAO LA 418 LBN LB 422
LBR LR 430 LBY LY 434 LCA LC 662 LIE LI 438 LKA LK 144 LSO LS 426 LTU LT 440 LUX LU 442 LVA LV 428
MAC MO 446 MAF MF 663 MAR MA 504 MCO MC 492 MDA MD 498 MDG MG 450 MDV MV 462 MEX MX 484 MHL MH 584
MKD MK 807 MLI ML 466 MLT MT 470 MMR MM 104 MNE ME 499 MNG MN 496 MNP MP 580 MOZ MZ 508 MRT MR 478
MSR MS 500 MTQ MQ 474 MUS MU 480 MWI MW 454 MYS MY 458 MYT YT 175 NAM NA 516 NCL NC 540 NER NE 562
NFK NF 574 NGA NG 566 NIC NI 558 NIU NU 570 NLD NL 528 NOR NO 578 NPL NP 524 NRU NR 520 NZL NZ 554
OMN OM 512 PAK PK 586 PAN PA 591 PCN PN 612 PER PE 604 PHL PH 608 PLW PW 585 PNG PG 598 POL PL 616
PRI PR 630 PRK KP 408 PRT PT 620 PRY PY 600 PSE PS 275 PYF PF 258 QAT QA 634 REU RE 638 ROU RO 642
RUS RU 643 RWA RW 646 SAU SA 682 SDN SD 729 SEN SN 686 SGP SG 702 SGS GS 239 SHN SH 654 SJM SJ 744
SLB SB 090 SLE SL 694 SLV SV 222 SMR SM 674 SOM SO 706 SPM PM 666 SRB RS 688 SSD SS 728 STP ST 678
SUR SR 740 SVK SK 703 SVN SI 705 SWE SE 752 SWZ SZ 748 SXM SX 534 SYC SC 690 SYR SY 760 TCA TC 796
TCD TD 148 TGO TG 768 THA TH 764 TJK TJ 762 TKL TK 772 TKM TM 795 TLS TL 626 TON TO 776 TTO TT 780
TUN TN 788 TUR TR 792 TUV TV 798 TWN TW 158 TZA TZ 834 UGA UG 800 UKR UA 804 UMI UM 581 URY UY 858
USA US 840 UZB UZ 860 VAT VA 336 VCT VC 670 VEN VE 862 VGB VG 092 VIR VI 850 VNM VN 704 VUT VU 548
WLF WF 876 WSM WS 882 XKK XK 983 YEM YE 887 ZAF ZA 710 ZMB ZM 894 ZWE ZW 716
"""

#: Other names of countries, as files hold them; accents and case do not count.
OTHER_NAMES = """
BEN Republic of Benin, République du Bénin
BFA Burkina, Bourkina Faso, Burquina Faso, Burkina Fasso
CPV Cape Verde, Cap-Vert, Cape Verde Islands, Îles du Cap-Vert, Cap Vert
CIV Ivory Coast, Cote d'Ivoire, RCI, Cote Ivoire, Republic of Côte d'Ivoire, République de Côte d'Ivoire
GMB Gambia, The Gambia, La Gambie, Republic of The Gambia, Islamic Republic of The Gambia
GIN Guinea-Conakry, Guinée-Conakry, Guiné-Conacri, Guiné Conakry, République de Guinée, Republic of Guinea, Conakry
GNB Guinée-Bissao, Guinea Bissao, Guiné Bissao, Guinée Bissaou, Bissau, Bissau Guinea
GNQ Guinea Ecuatorial, Guinée Équat, Eq Guinea
PNG Papua, Papouasie, Papua Nova Guiné, Papua NG
MLI République du Mali, Republic of Mali
MRT République islamique de Mauritanie, RIM
NER République du Niger, Republic of Niger
NGA Federal Republic of Nigeria, République fédérale du Nigeria, Nigéria
SEN République du Sénégal, Republic of Senegal
SLE Serra Leoa, Sierra Léone, Sierra-Leone
TGO République togolaise, Togolese Republic
COD Congo-Zaire, Congo (Zaire), Congo (Zaïre)
COD DR Congo, DRC, RDC, Congo-Kinshasa, Congo Kinshasa, Congo Democratic Republic, Congo RDC, Congo DR
COD Congo (Dem. Rep.), Democratic Republic of Congo
COG Congo-Brazzaville, Congo Brazzaville, Republic of the Congo, République du Congo, Congo (Rep.), Congo Brazza
CAF Central African Rep, CAR, RCA, Centrafrique, République centrafricaine
SWZ Swaziland, Suazilândia
STP Sao Tome, São Tomé, Sao Tomé et Principe, Sao Tome and Principe
TZA Tanzania United Republic of, Tanzanie, Tanzânia
GBR UK, Great Britain, England, Scotland, Wales, Grande-Bretagne, Angleterre, Grã-Bretanha, Inglaterra
USA U.S.A., United States, États-Unis, Etats Unis, Estados Unidos, EUA, America, Amérique
ARE UAE, Emirates, Émirats, Dubai, Dubaï, Abu Dhabi
SAU KSA, Arabie saoudite, Saudi
RUS Russian Federation, Fédération de Russie
KOR South Korea, Korea Republic of, République de Corée, Corée du Sud
KOR Republic of Korea, Korea (Republic of), Rep of Korea
PRK North Korea, Korea Democratic People's Republic of, Corée du Nord, DPRK
PRK Democratic People's Republic of Korea
IRL Republic of Ireland, République d'Irlande
GBR Northern Ireland, Irlande du Nord, Irlanda do Norte, U.K., United Kingdom of Great Britain and Northern Ireland
CHE Swiss Confederation, Confédération suisse
GRC Hellenic Republic
MEX United Mexican States
TWN Chinese Taipei, Taiwan Province of China, Republic of China, République de Chine
FSM Federated States of Micronesia
MMR Republic of the Union of Myanmar
CZE Czech Republic, République tchèque
TUR Turkey, Turquie
MKD Macedonia, Macédoine
PSE Palestine State of, État de Palestine, Palestinian Territories
VNM Viet Nam
LAO Lao PDR, Lao
SYR Syrian Arab Republic, République arabe syrienne
IRN Iran Islamic Republic of
CHN People's Republic of China, PRC, République populaire de Chine
LBY Libyan Arab Jamahiriya, Jamahiriya arabe libyenne
NLD Holland, Hollande, Holanda, The Netherlands
"""

#: Nationalities that the kit's own lists lack, English, French and Portuguese; further forms of those they hold.
NATIONALITIES = """
BFA Burkinabé, Burkinabe, Burkinabè, Burkinan, Burkinabais, Burquinabê, Burkinabês
CIV Ivoirian, Ivorien, Ivorienne, Ivoiriens, Ivoirienne, Costa-marfinense, Ivoriano
CPV Cape Verdean, Capverdien, Capverdienne, Caboverdiano, Caboverdiana
GHA Ghanéenne, Ghaneano, Ganense, Ghanian
GIN Conakry Guinean, Guinéen (Conakry), Guineense de Conacri
GNB Guinea-Bissauan, Guinean-Bissau, Bissau Guinean, Bissauguinéen, Guinéen de Bissau, Guineense de Bissau
GNQ Equatoguinean, Équatoguinéen, Équatoguinéenne, Equatoguineano, Equato-guineano
NER Nigérin, Nigerense, Nigériens, Nigériennes
NGA Nigérianne, Nigérians, Nigérianes
SEN Senegalais, Senegalaise
SLE Sierra Leonian, Sierraléonais, Sierra-Léonien, Leonês
TGO Togoan, Togolense
PNG Papua New Guinean, Papouasien, Papouan-Néo-Guinéen, Papouan-Néo-Guinéenne, Papuásio
AGO Angolan, Angolais, Angolaise, Angolano, Angolana
TCD Chadian, Tchadien, Tchadienne, Chadiano, Chadiana
CAF Central African, Centrafricain, Centrafricaine, Centro-africano, Centro-africana
STP São Toméan, Sao Tomean, Santoméen, Santoméenne, São-tomense, Santomense
MOZ Mozambican, Mozambicain, Mozambicaine, Moçambicano, Moçambicana
TUN Tunisian, Tunisien, Tunisienne, Tunisino, Tunisina
EGY Egyptian, Égyptien, Égyptienne, Egípcio, Egípcia
SDN Sudanese, Soudanais, Soudanaise, Sudanês, Sudanesa
ETH Ethiopian, Éthiopien, Éthiopienne, Etíope
ERI Eritrean, Érythréen, Érythréenne, Eritreu
KEN Kenyan, Kényan, Kényane, Queniano, Queniana
UGA Ugandan, Ougandais, Ougandaise, Ugandês
TZA Tanzanian, Tanzanien, Tanzanienne, Tanzaniano
RWA Rwandan, Rwandese, Rwandais, Rwandaise, Ruandês
BDI Burundian, Burundais, Burundaise, Burundiano
ZAF South African, Sud-Africain, Sud-Africaine, Sul-africano, Sul-africana
ZMB Zambian, Zambien, Zambienne, Zambiano
ZWE Zimbabwean, Zimbabwéen, Zimbabwéenne, Zimbabuano
MWI Malawian, Malawien, Malawienne, Malauiano
MUS Mauritian, Mauricien, Mauricienne, Mauriciano
MDG Malagasy, Malgache, Madagascan
SOM Somali, Somalien, Somalienne, Somaliano
DMA Dominiquais, Dominiquaise
BRA Brazilian, Brésilien, Brésilienne, Brasileiro, Brasileira
GBR British, Britannique, Britânico, Britânica, English, Anglais, Anglaise
USA American, Américain, Américaine, Americano, Americana
DEU German, Allemand, Allemande, Alemão, Alemã
BEL Belgian, Belge, Belga
CHE Swiss, Suisse, Suíço
NLD Dutch, Néerlandais, Néerlandaise, Neerlandês, Holandês
CAN Canadian, Canadien, Canadienne, Canadiano, Canadense
TUR Turkish, Turc, Turque, Turco
SYR Syrian, Syrien, Syrienne, Sírio
SAU Saudi Arabian, Saoudien, Saoudienne, Saudita
RUS Russian, Russe, Russo
CUB Cuban, Cubain, Cubaine, Cubano
PAK Pakistani, Pakistanais, Pakistanaise, Paquistanês
PHL Filipino, Filipina, Philippin, Philippine
VNM Vietnamese, Vietnamien, Vietnamienne, Vietnamita
"""

#: Former names and nationalities that the code list historic_country lacks, and former codes (ISO 3166-3).
FORMER_NAMES = """
BFA Haute Volta, Voltaic, Voltaïque, HVO, HV, Upper-Volta, Burkina Faso (Upper Volta)
BEN Dahomean, Dahoméen, Dahoméenne, DHY, DY, Daomé
GHA Gold Coaster, British Togoland
TGO French Togoland, Togo français, Togoland
MLI Soudan francais
GNQ Río Muni, Fernando Poo, Fernando Pó
CAF Oubangui-Chari, Ubangi-Shari
COD Zaire, Zaïre, Zairean, Zairian, Zaïrois, Zaïroise, Zairense, ZAR, ZR, Belgian Congo, Congo belge, Congo Belga
COG French Congo, Moyen-Congo, Middle Congo
ZWE Rhodesia, Rhodésie, Rodésia, Southern Rhodesia, Rhodésie du Sud, RHO, RH
ZMB Northern Rhodesia, Rhodésie du Nord
MWI Nyasaland
TZA Tanganyika, Zanzibar
BWA Bechuanaland
LSO Basutoland
ETH Abyssinia, Abyssinie
NAM South West Africa, Sud-Ouest africain
DJI French Somaliland, Côte française des Somalis, Afars and Issas, AFI
ESH Spanish Sahara, Sahara espagnol, Sara Espanhol
MDG Malagasy Republic, République malgache
MMR Burma, Birmanie, Birmânia, BU
LKA Ceylon, Ceylan, Ceilão
IRN Persia, Perse, Pérsia
THA Siam
TLS East Timor, Timor oriental, Timor Leste, TMP
TWN Formosa, Formose
VUT New Hebrides, Nouvelles-Hébrides
BLZ British Honduras
BGD East Pakistan
SUR Dutch Guiana, Guyane hollandaise
GUY British Guiana, Guyane britannique
DEU East Germany, German Democratic Republic, RDA, GDR, DDR, West Germany, RFA
"""


#: Words for "not stated", as folded.
NOT_STATED_WORDS = frozenset(
    [
        "not stated",
        "unknown",
        "not known",
        "non declare",
        "non declaree",
        "inconnu",
        "inconnue",
        "non precise",
        "nao declarado",
        "desconhecido",
        "ignorado",
    ]
)


@dataclass(frozen=True)
class Trap:
    """Countries that are taken for each other.

    Attributes:
        key: the name of the trap.
        codes: the countries.
        flagged: what is right in itself but must be looked at, because people write it for the others too.
        undecided: what may stand for more than one of them, so that no code is given.
        advice: what to look at, in one sentence (English; show it with ``_(trap.advice)``).
    """

    key: str
    codes: tuple[str, ...]
    flagged: tuple[str, ...]
    undecided: tuple[str, ...]
    advice: str


#: The traps, the region's own first. Words are as normalise_name makes them, without accents and hyphens.
TRAPS: tuple[Trap, ...] = (
    Trap(
        "niger_nigeria",
        ("NER", "NGA"),
        (
            "niger",
            "ne",
            "ng",
            "nigerien",
            "nigerienne",
            "nigeriens",
            "nigeriennes",
            "nigerian",
            "nigeriane",
            "nigerino",
            "nigeriano",
            "nigeriana",
        ),
        ("nig",),
        N_("NE is Niger and NG Nigeria; Nigérien is of Niger and Nigérian of Nigeria. Look at place of birth."),
    ),
    Trap(
        "guinea",
        ("GIN", "GNB", "GNQ", "PNG"),
        ("guinea", "guinee", "guine", "guinean", "guineen", "guineenne", "gn", "gw", "gq", "pg"),
        ("guineense", "guineano", "guineana", "gui"),
        N_("Guinea alone may be short for Guinea-Bissau or Equatorial Guinea. Look at town and language."),
    ),
    Trap(
        "congo",
        ("COG", "COD"),
        ("congo", "cg", "cd"),
        ("congolese", "congolais", "congolaise", "congoles", "congolesa"),
        N_("Congo may be the Republic (COG) or the Democratic Republic (COD). Look at the town of birth."),
    ),
    Trap(
        "dominica",
        ("DMA", "DOM"),
        ("dominica", "dominique", "dm", "do"),
        ("dominican", "dominicain", "dominicaine", "dominicano", "dominicana"),
        N_("Dominica is an island state, the Dominican Republic another; both have Dominicans."),
    ),
    Trap(
        "mauritania_mauritius",
        ("MRT", "MUS"),
        ("mauritian", "mauricien", "mauricienne", "maurice", "mu"),
        (),
        N_("Mauritian is of Mauritius, Mauritanian of Mauritania."),
    ),
    Trap(
        "namibia_not_stated",
        ("NAM",),
        ("na",),
        (),
        N_("NA is Namibia; many files write it for not available."),
    ),
    Trap(
        "burkina_burma",
        ("BFA", "MMR"),
        (),
        ("bur",),
        N_("BUR was the code of Burma and is that of Burkina Faso in sport."),
    ),
    Trap(
        "sudan",
        ("SDN", "SSD", "MLI"),
        ("sudan", "soudan", "sudao", "sudanese", "soudanais", "soudanaise", "sudanes", "sudanesa"),
        (),
        N_("Before 1960 Sudan was also French Sudan, now Mali; since 2011 there is South Sudan."),
    ),
    Trap(
        "guiana",
        ("GUY", "GUF", "SUR"),
        ("guyana", "guyane", "guiana"),
        ("guyanese", "guyanais"),
        N_("Guyana, French Guiana and Suriname (Dutch Guiana) have shared the name."),
    ),
    Trap(
        "korea",
        ("KOR", "PRK"),
        (),
        ("korea", "coree", "coreia", "korean", "coreen", "coreenne", "coreano"),
        N_("There are two Koreas."),
    ),
    Trap(
        "former_union",
        ("SEN", "MLI", "GMB", "CIV", "BEN", "BFA", "GIN", "MRT", "NER"),
        (),
        (
            "senegambia",
            "senegambie",
            "mali federation",
            "federation du mali",
            "french west africa",
            "afrique occidentale francaise",
            "aof",
            "africa ocidental francesa",
        ),
        N_("A former union of several of today's countries. Look at the town of birth."),
    ),
    Trap(
        "former_state",
        (),
        (),
        (
            "ussr",
            "urss",
            "soviet union",
            "union sovietique",
            "yugoslavia",
            "yougoslavie",
            "jugoslavia",
            "czechoslovakia",
            "tchecoslovaquie",
            "ruanda urundi",
            "british cameroons",
            "rhodesia and nyasaland",
        ),
        N_("A former state that is several countries now. Look at the town of birth."),
    ),
)

#: Two-letter codes of the region in FIPS 10-4 (US, withdrawn in 2008) that mean another country there than in ISO
#: 3166, and those that ISO does not have: where a column holds one of these, it may be written in FIPS.
FIPS_OTHER = {"NG": "NER", "NI": "NGA", "GA": "GMB", "BN": "BEN", "SG": "SEN", "TO": "TGO", "LI": "LBR"}
FIPS_ONLY = {"UV": "BFA", "IV": "CIV", "GV": "GIN", "PU": "GNB"}

#: Three-letter codes that other lists (sport, vehicles) use and ISO does not: they propose, they do not decide.
OTHER_CODES = {"NGR": "NGA", "GBS": "GNB", "GEQ": "GNQ", "TOG": "TGO", "GAM": "GMB", "MTN": "MRT", "RMM": "MLI"}


def listed(text: str) -> Iterator[tuple[str, str]]:
    """Code and name, one by one, of a block of lines such as ``GBR UK, Great Britain``."""
    for line in text.strip().splitlines():
        code, names = line.split(" ", 1)
        for name in names.split(", "):
            yield code, name


def iso_codes() -> Iterator[tuple[str, str, str]]:
    """Alpha-3, alpha-2 and numeric code of each country of ISO 3166-1."""
    parts = ISO_3166.split()
    return zip(parts[::3], parts[1::3], parts[2::3], strict=True)
