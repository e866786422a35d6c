"""What only Slack shows: signs, titles, fields of forms, App Home. What is said by itself is in ``answers``."""

from __future__ import annotations

from clouddesk.model import node as nodes
from clouddesk.model import notice as notices
from clouddesk.model import reservation as states
from clouddesk.model import share as shares

ICONS = {
    notices.READY: "✅",
    notices.FAILED: "❌",
    notices.EXPIRING: "⏰",
    notices.ENDED: "🏁",
    notices.STOPPED: "⏸️",
    notices.IDLE: "💤",
    notices.IDLE_SOON: "💤",
    notices.IDLE_OVER: "👍",
    notices.IDLE_REST: "💤",
    notices.LONG_LEASE: "💤",
    notices.IDLE_ARCHIVE: "💤",
    notices.STARTED: "▶️",
    notices.ARCHIVED: "📦",
    notices.NOT_ARCHIVED: "⚠️",
    notices.NOT_STARTED: "⚠️",
    notices.REBOOTED: "🔄",
    notices.TROUBLE: "⚠️",
    notices.SHARED_BY: "👥",
    notices.UNTIMELY: "⚠️",
    notices.UNTIMED: "⏰",
    notices.PARTIAL: "⚠️",
    notices.UNCONFIGURED: "⚠️",
    notices.SCALED: "📐",
    notices.NOT_SCALED: "⚠️",
    notices.UNPROVEN: "⚠️",
    notices.MOVED: "↪️",
    notices.DEARER: "💰",
    notices.CREDENTIALS: "🔑",
    notices.DRIFT: "👀",
    notices.ORPHAN: "🔎",
    notices.ORPHAN_SETTLED: "🧹",
    notices.SHARED: "🤝",
    notices.UNSHARED: "👋",
    notices.LET_IN: "🔑",
    notices.HANDOVER: "🤝",
    notices.HANDOVER_DECLINED: "👋",
    notices.HANDOVER_WITHDRAWN: "👋",
    notices.HANDED_OVER: "🤝",
    notices.ASKED_FOR: "🙋",
    notices.NOT_NOW: "🙏",
    notices.KEYLESS: "🔑",
    notices.NOT_LET_IN: "⚠️",
    notices.LOGINS_MENDED: "🔑",
    notices.NOT_OPENED: "⚠️",
    notices.OPENINGS_UNSURE: "⚠️",
    notices.OPENINGS_MENDED: "🔒",
    notices.RELINKED: "🔗",
    notices.LINK_LATE: "⚠️",
    notices.DIGEST: "📊",
    notices.OVER_BUDGET: "✋",
    notices.APPROVAL_ASKED: "✋",
    notices.APPROVAL_DECIDED: "📋",
    notices.AWAY: "🌴",
    notices.TEAM_DIGEST: "📊",
    notices.BILL: "🧾",
}

# --- Progress ---------------------------------------------------------------------------------------------------------
STATES = {
    states.PROVISIONING: "is coming up",
    states.PARTIAL: "came up only in part",
    states.CONFIGURING: "gets its software",
    states.RUNNING: "is running",
    states.STOPPING: "is being stopped",
    states.STOPPED: "is stopped, its data is kept",
    states.STARTING: "is being started",
    states.ARCHIVING: "is being archived",
    states.ARCHIVED: "is archived: images of its disks are kept",
    states.SCALING: "gets another number of machines",
    states.RELEASING: "is being given back",
    states.ENDED: "is gone",
}
ASKING_ABOUT_SOFTWARE = "waits for your answer: its software could not be set up"
ASKING = "waits for your answer: the cloud has none left, and the next one is dearer"
ARRIVED = {nodes.RUNNING: "up", nodes.STOPPED: "stopped", nodes.GONE: "gone"}
STEPS = {
    states.PROVISIONING: ("ordered", "ready"),
    states.STARTING: ("asked for", "ready"),
    states.STOPPING: ("asked for", "stopped"),
    states.RELEASING: ("asked for", "gone from the cloud's list"),
}
"""What is behind, and what comes last."""
ADD_ACCESS_TO = "Add {title} access here"
CHOSEN = "You chose *{title}*."
MORE = "… (“details of {name}” shows the rest)"

# --- Lists ------------------------------------------------------------------------------------------------------------
PAGE = "Page {number} of {count}"
LIST_REST = "_({count} more: press the button, or say “show more”)_"
LIST_AS_FILE = "_(all {count} as a CSV file: press the button, or say “as csv”)_"
LIST_MORE, LIST_FILE = "Show more", "All as a file"
FILE_SAYS = "Your {count} reservations as they are now."
COSTS_FILE, COSTS_FILE_SAYS = (
    "As a file",
    "What was spent from {since} to {until}: {sum}.",
)

# --- Forms ------------------------------------------------------------------------------------------------------------
CHOOSE_TITLE = "Access to a cloud"
CHOOSE_LABEL = "Which cloud?"
CHOOSE_PROMPT = "Choose a cloud"
NEXT, CANCEL, CLOSE, SAVE, SHOW_PRICE = "Next", "Cancel", "Close", "Check and save", "Show the price"
CREDENTIALS_TITLE = "{title} access"
WHERE_TO_GET = "Made here: {link}"
CONSOLE = "{title}'s own page"
MIND_THE_SCREEN = (
    "Slack shows what you type, so mind who sees your screen. It goes to {title} for a check and then into the vault: "
    "not into any message, log or list, and I never show it again."
)
EMPTY_FIELD = "Please fill this in."
CHECKING_TITLE = "One moment"
CHECKING = "⏳ Checking with {title} …"
CHECKING_MORE = "This takes a few seconds. You can close this; the access is saved all the same when {title} takes it."
ADDED_TITLE = "Done"
ADDED = "✅ {title} access works: account *{account}*."
ADDED_MORE = 'Checked and locked away. Say what you need now, for example "a vm with 8 GB for a day".'
TOLD_TITLE = "CloudDesk"

CHANGE_TITLE = "Change the request"
CHANGE_INTRO = "Change what you like; the new price is shown before anything is bought."
COUNT, VCPUS, MEMORY, DISK, GPUS, GPU_TYPE, OS, PROVIDERS, REGION, NOT_IN, SIZE, DURATION, SPOT, BUDGET, NAME = (
    "Machines", "vCPUs of each, at least", "Memory of each in GB, at least", "Disk of each in GB", "GPUs of each",
    "Kind of GPU", "System", "Clouds", "Region", "Not in", "Type of machine", "For how long, or until when", "Spot",
    "At most, in dollars an hour for all", "Name",
)  # fmt: skip
FROM_TO = "{least} to {most}."
GPUS_HINT = "0: none."
GPU_TYPE_HINT = "Like “t4”, “v100” or “a10g, l4”; empty: any."
REGION_HINT = "Like “us-east-1”, “frankfurt”, “europe”; empty: anywhere."
NOT_IN_HINT = "Places to stay away from, with commas between; empty: none."
SIZE_HINT = "Exactly this one, like “m5.xlarge”; empty: whichever is cheapest."
DURATION_HINT = "Like “8 hours”, “2 days”, “until friday 5pm”; at most {most}."
SPOT_CHOICE = "Cheaper, but the cloud may take it back at any time"
BUDGET_HINT = "Empty: no limit."
NAME_HINT = "Small letters, digits and dashes; empty: I choose one."
NO_NUMBER = "“{said}” is no number that I can use here. For example: {example}."
NO_DURATION = "I can't tell how long “{said}” is. Say it like “8 hours”, “2 days” or “until friday 5pm”."
TOO_LITTLE, TOO_MUCH = "At least {least}.", "At most {most}."
TOO_SHORT, TOO_LONG = "That is over already, or too short: at least {least}.", "Too long: at most {most}."
NO_BUDGET = "More than 0, please; leave it empty for no limit."
NO_GPU = "I know no GPU called “{said}”. For example: t4, v100, a100."
GPU_TYPE_OF_NONE = "With 0 GPUs there is no kind of them: empty this, or take at least 1."
BAD_NAME = "“{said}” can't be a name: small letters, digits and dashes, a letter first, at most {most}."

KEYS_TITLE, KEYS_SAVE, KEYS_NAME, KEYS_LINES = "Your SSH keys", "Save", "Name", "Public key"
KEYS_INTRO = (
    "Your public keys log in to every machine that you order from then on. Machines that run already keep the keys "
    "that they have."
)
KEYS_KNOWN = "You have: {keys}"
KEYS_NAME_HINT = "Like “laptop”; empty: what stands behind the key."
KEYS_LINES_HINT = (
    "The line in ~/.ssh/id_ed25519.pub; several keys one below the other. Never the private key, which has no .pub at "
    "its end."
)
KEYS_ADDED, KEYS_WERE_KNOWN = "✅ Added: {key}", "Known already: {key}"
KEYS_SHORT = "2048 bits of RSA are few today: `ssh-keygen -t ed25519` makes a better key."
KEYS_LOST_OPTIONS = "The options in front were left out: on your machines a key logs in as you, without limits."

SHARE_TITLE, SHARE_SUBMIT, UNSHARE = "Share", "Share", "Stop sharing"
SHARE_INTRO = "*{name}*, which ends {ends}. What it costs stays with you, and you can stop sharing at any time."
SHARE_PERSON, SHARE_ALLOWED, SHARE_UNTIL = "With whom", "They may", "Until"
SHARE_LEVELS = {
    shares.USE: "See it",
    shares.EXTEND: "See and extend it",
    shares.MANAGE: "See, extend, stop, start and reboot it",
}
SHARE_UNTIL_HINT = "As it is: as long as the machine lasts (now {ends})."
SHARE_KNOWN = "{person}: {allowed}, until {end}"
SHARE_IS_OVER = "That is over already. Choose a later time."
SHARE_WITH_OWNER = "It is theirs already."
SHARE_REFUSED = {
    "bot": "That is a bot. Choose a person.",
    "guest": "Guests of this workspace can't use machines. Choose a full member.",
    "deactivated": "Their account is deactivated.",
    "foreign": "They are from another workspace. Choose somebody from this one.",
}

# --- App Home ---------------------------------------------------------------------------------------------------------
HOME_MACHINES = "Your machines"
HOME_NOTHING = "You have no machines now. Tell me in a message what you need, or begin with one of these:"
HOME_EXAMPLES = ("a vm with 8 GB for a day", "a 3-node spark cluster for 8 hours", "help")
HOME_UP = " ({up} of {count} up)"
HOME_LEFT_OUT = "… and {count} more: “what have I got?” in a message lists all."
HOME_ANSWERED = "What you press here is answered under *Messages*."
HOME_ACCESS = "Your access to clouds"
HOME_NO_ACCESS = "None yet. With access to a cloud of yours I can get machines there."
HOME_NEVER_SHOWN = "Keys lie in the vault and are never shown."
HOME_MONTH = "Your month"
HOME_MONTH_SUM = "*{sum}* so far in {month}; *{rate}* an hour at present."
HOME_MONTH_FORECAST = "*{forecast}* by {last} if what runs keeps on to the end of its lease."
HOME_MONTH_EARLIER = "{before}: {earlier}."
HOME_MONTH_SAVED = "Saved by stopping: {slept}, by giving back early: {early}."
HOME_MONTH_MORE = "What cost how much"
HOME_BUDGET = "Your budget: {use}"
HOME_MONTH_NONE = "Nothing spent so far."
HOME_SIMULATED = "_Simulated machines: nothing real runs, nothing is billed._"
HOME_DOWN = (
    "I can't look right now: one of my own servers does not answer. Your machines go on as they are. Open this page "
    "again in a minute."
)
EXTEND, STOP, START, RELEASE, DETAILS = "Extend 2 hours", "Stop", "Start", "Release", "Details"
ARCHIVE = "Archive"
HOME_TEAM = "What the team runs"
HOME_TEAM_SUM = "*{machines} machines* of {people} people: *{rate}* an hour, {cost} so far."
HOME_TEAM_LINE = "• *{name}* of {owner}: {rate} an hour, since {since}, ends {ends}"
HOME_TEAM_NONE = "Nothing runs now."
HOME_TEAM_FROZEN = "New machines are frozen {until}{why}."
HOME_TEAM_SHOWN = (
    ("Show all", "show everybody's machines by cost"),
    ("By age", "show everybody's machines by age"),
    ("By idleness", "show everybody's machines by idleness"),
)
"""What is on the buttons, and what they say."""
HOME_SHARED = "Shared with you"
HOME_SHARED_BY = "Shared by {owner} until {end}: you may {allowed}."
HOME_KEYS = "Your SSH keys"
HOME_NO_KEYS = "None yet. With your public key on your machines, you get in with your own ssh."
HOME_KEY = "*{name}* ({kind}, {fingerprint})"
ADD_KEY, REMOVE_KEY = "Add SSH key", "Remove {name}"
ADD_ACCESS, RENEW, REMOVE = "Add access", "Renew", "Remove"


def span(seconds: float) -> str:
    """ "2 days", "1 day 3 hours", "8 hours", "1 hour 30 minutes", as a person says it and the language reads it."""
    minutes = max(1, round(seconds / 60))
    days, rest = divmod(minutes, 1440)
    parts = [(days, "day"), (rest // 60, "hour"), (rest % 60, "minute")]
    return " ".join(f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in parts if number)
