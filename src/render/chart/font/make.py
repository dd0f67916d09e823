#!/usr/bin/env python3
"""Which characters can a picture show, and where does its font come from?

Makes the two fonts that are built into mercato (SIL Open Font License 1.1): NotoSansSC-subset.otf for Chinese and
most of Latin, NotoSans-subset.ttf for the European letters and currency signs that the first lacks. Run it only to
change the characters; the results are committed.

    apt-get download fonts-noto-cjk fonts-noto-core     # Debian's 1:20220127+repack1-1 and 20201225-1
    dpkg-deb -x fonts-noto-cjk_*.deb noto && dpkg-deb -x fonts-noto-core_*.deb noto
    pip install fonttools==4.68.0
    python3 make.py noto/usr/share/fonts
"""
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

HERE = Path(__file__).resolve().parent
SIMPLIFIED_CHINESE = "Noto Sans CJK SC"

# Frequent in given names and brands, yet not in GB2312.
NAMES = "喆玥珺堃祎翀晞镕赟昇彧旻璟瑀珩琰堉頔屾燚骉犇羴淼垚焱鑫囍嬅媖婳嫚惪昕晔暐杺栢桄梓椛榅樰歆汋沄洺浠淏湉溦滢漪澍濛炘炜烜煊熠燊玏玙珈珏珑珝珞琲琮瑄瑾璇璠璐畲皙睿祐禛稼筱箐纾绮缦羽翎翊翾臻芃苡苒茗荃菡萱葳蓁蔓蕙薇蘅虓蝶袆裘誠谞贇轩辰迦逸邈郗鄢钊钰钧铄铖锜锴镓镔阚霁霏霖霂靓韬韫颀颢飏馨骁骅骐骞鸢鸿麒麟黛齐龢鿍碁粧贇氷豐國鳳龍華東樂"
# Letters with marks of European names, and the signs of prices, intervals and mathematics.
SIGNS = "–—‘’“”•…‰′″‹›€₩₽₹₺₫₴₦฿£¥¢§©®°±²³·×÷−≈≠≤≥∞→←↑↓▲▼■□●○◆◇★☆✓"


def gb2312():
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                yield bytes([row, cell]).decode("gb2312")
            except UnicodeDecodeError:
                pass


def characters():
    wanted = set(map(chr, range(0x20, 0x7F))) | set(map(chr, range(0xA0, 0x180)))
    wanted |= set(gb2312()) | set(NAMES) | set(SIGNS)
    # Full-width forms, which Chinese text mixes with the others.
    wanted |= set(map(chr, range(0xFF01, 0xFF5F))) | set("￥")
    for file in (HERE.parents[3] / "prompts").rglob("*.*"):
        wanted |= set(file.read_text(encoding="utf-8"))
    # isprintable leaves out every blank but the plain one
    return {ord(char) for char in wanted if char.isprintable()} | {0xA0, 0x3000}


def latin():
    """Latin Extended-A, -B and Additional (Vietnamese), currency signs."""
    return {*range(0x100, 0x250), *range(0x1E00, 0x1F00), *range(0x20A0, 0x20C0)}


def write(font, wanted, family, target):
    options = subset.Options()
    # Without kerning or substitutions the width of a text is the sum of its advances, so it can be measured exactly.
    options.layout_features = []
    options.hinting = False
    options.glyph_names = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 13, 14]
    options.name_languages = [0x409]
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "DSIG", "gasp"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 4):
            record.string = family
        if record.nameID == 6:
            record.string = family.replace(" ", "") + "-Regular"
    # A fixed time: the same source and script give the same bytes.
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    path = HERE / target
    font.save(path)
    print(f"{target}: {path.stat().st_size / 1e6:.2f} MB, {len(font.getBestCmap())} characters")
    return set(font.getBestCmap())


def main(folder):
    fonts = TTCollection(folder / "opentype/noto/NotoSansCJK-Regular.ttc", lazy=True).fonts
    chinese = next(font for font in fonts if font["name"].getDebugName(1) == SIMPLIFIED_CHINESE)
    wanted = characters()
    shown = write(chinese, wanted, "Noto Sans SC", "NotoSansSC-subset.otf")
    european = TTFont(folder / "truetype/noto/NotoSans-Regular.ttf")
    rest = ((wanted | latin()) - shown) & set(european.getBestCmap())
    shown |= write(european, rest, "Noto Sans", "NotoSans-subset.ttf")
    print("in neither:", "".join(sorted(map(chr, wanted - shown))) or "none")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
