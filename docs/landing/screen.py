"""The picture of a report's first screen, of a portfolio in a simulated market.

``python docs/landing/screen.py`` fits the model, writes the report and makes ``docs/report.png`` of it, by Chromium.
"""

import shutil
import tempfile
from pathlib import Path

import bayesfactor as bf

MIX = {
    "layer1_05": 0.3,
    "defi_05": 0.2,
    "exchange_05": 0.15,
    "payments_05": 0.15,
    "infrastructure_05": 0.1,
    "privacy_05": 0.1,
}
PICTURE = Path(__file__).parents[1] / "report.png"
SIZE, COLOURS = (1300, 900), 64


def photograph(page: Path, picture: Path) -> None:
    """Write what is seen of a page at first, in light and in few colours, by the Chromium on the path."""
    from PIL import Image
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in ("--headless=new", "--no-sandbox", "--hide-scrollbars"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver") or ""))
    try:
        device = {"width": SIZE[0], "height": SIZE[1], "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", device)
        driver.get(page.as_uri())
        driver.save_screenshot(str(picture))
    finally:
        driver.quit()
    Image.open(picture).convert("RGB").quantize(COLOURS).save(picture, optimize=True)


if __name__ == "__main__":
    fit = bf.fit(bf.simulate(seed=1).panel(), "static", bf.Sampler(seed=1, progress=False))
    with tempfile.TemporaryDirectory() as folder:
        photograph(bf.write_report(fit, Path(folder) / "report.html", portfolio=MIX), PICTURE)
