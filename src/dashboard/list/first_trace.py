from twosignal import TwoSignal
from twosignal.decorator import observe

client = TwoSignal(api_key="ts_local_development", base_url="http://localhost:3000")

@observe
def answer(question):
    return "On its way."

answer("Where is my order?")
client.shutdown()
