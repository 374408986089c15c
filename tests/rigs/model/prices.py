"""What calls cost by genai-prices: another list of the same prices, by other people.

Reads JSON lines {"model", "at", "usage"} from standard input: a day as YYYY-MM-DD and the usage as the Messages API tells it.
Prints, line by line, the cost in pico-dollars, exactly; or `unknown` for a model it does not have.
"""

import datetime
import json
import sys
from decimal import Decimal

from genai_prices import extract_usage

for text in sys.stdin:
    call = json.loads(text)
    at = datetime.datetime.fromisoformat(call["at"]).replace(hour=12, tzinfo=datetime.timezone.utc)
    answer = {"model": call["model"], "usage": call["usage"]}
    try:
        price = extract_usage(answer, provider_id="anthropic").calc_price(genai_request_timestamp=at).total_price
    except (LookupError, ValueError):
        print("unknown")
        continue
    pico = price * Decimal(10) ** 12
    print(pico.to_integral_exact() if pico == pico.to_integral_value() else f"{pico} is no whole number")
