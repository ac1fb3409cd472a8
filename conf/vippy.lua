-- Wireshark and tshark: the announcements of vippy, protocol 2.
--
--   tshark -X lua_script:vippy.lua -ni eth0 -f 'udp port 5007' -V
--
-- or copy it into Wireshark's folder of personal Lua plugins. Messages are recognised by their
-- first octets, whatever their port. Announcements of protocol 1 are JSON and shown as such.
-- Codes are shown and not checked: this file knows no secret.
-- The fields are those of docs/protocol.md, "Protocol 2".

local vippy = Proto("vippy", "vippy, virtual addresses on exactly one node")

local MAGIC = 0x56505902
local HEADER, CODE, ECHO = 40, 16, 8
local KINDS = { [1] = "announcement", [2] = "fragment", [3] = "request", [4] = "order" }
local CONTENTS = { [1] = "configuration", [2] = "neighbours" }
local ORDERS = { [1] = "drain", [2] = "undrain" }
local REFUSES, HAS_PARTS, KNOWN_FLAGS = 0x10, 0x20, 0x3f

local f = {
  magic = ProtoField.uint32("vippy.magic", "Magic", base.HEX),
  kind = ProtoField.uint8("vippy.kind", "Kind", base.DEC, KINDS),
  flags = ProtoField.uint8("vippy.flags", "Flags", base.HEX),
  active = ProtoField.bool("vippy.flags.active", "Active: may be given groups", 8, nil, 0x01),
  leaving = ProtoField.bool("vippy.flags.leaving", "Leaving: stops or is drained", 8, nil, 0x02),
  settled = ProtoField.bool("vippy.flags.settled", "Settled: takes groups back", 8, nil, 0x04),
  will = ProtoField.bool("vippy.flags.will", "Will: its guard says this", 8, nil, 0x08),
  refuses = ProtoField.bool("vippy.flags.refuses", "Refusals follow", 8, nil, REFUSES),
  has_parts = ProtoField.bool("vippy.flags.parts", "Parts follow", 8, nil, HAS_PARTS),
  length = ProtoField.uint16("vippy.length", "Length"),
  key = ProtoField.uint32("vippy.key", "Key", base.HEX),
  reserved = ProtoField.bytes("vippy.reserved", "Reserved"),
  node = ProtoField.uint64("vippy.node", "Node", base.HEX),
  session = ProtoField.uint64("vippy.session", "Session", base.HEX),
  sequence = ProtoField.uint64("vippy.sequence", "Sequence"),
  code = ProtoField.bytes("vippy.code", "Code (not checked)"),
  version = ProtoField.uint64("vippy.version", "Configuration version"),
  digest = ProtoField.uint64("vippy.digest", "Digest", base.HEX),
  neighbours = ProtoField.uint64("vippy.neighbours", "Digest of its neighbours", base.HEX),
  interval = ProtoField.uint32("vippy.interval", "Interval [us]"),
  stale = ProtoField.uint32("vippy.stale", "Stale [us]"),
  nodes = ProtoField.uint16("vippy.nodes", "Nodes"),
  groups = ProtoField.uint16("vippy.groups", "Groups"),
  candidates = ProtoField.uint16("vippy.candidates", "Candidates"),
  echo = ProtoField.bytes("vippy.echo", "Echo"),
  candidate = ProtoField.bytes("vippy.candidate", "Candidate"),
  echo_session = ProtoField.uint32("vippy.echo.session", "Session, low half", base.HEX),
  echo_sequence = ProtoField.uint32("vippy.echo.sequence", "Sequence, low half"),
  view = ProtoField.string("vippy.view", "Counts on nodes"),
  claims = ProtoField.string("vippy.claims", "Holds groups"),
  refusals = ProtoField.string("vippy.refusals", "Cannot hold groups"),
  parts = ProtoField.string("vippy.parts", "Has parts of groups"),
  what = ProtoField.uint8("vippy.what", "Content", base.DEC, CONTENTS),
  total = ProtoField.uint32("vippy.total", "Octets of the whole"),
  offset = ProtoField.uint32("vippy.offset", "Offset of this piece"),
  piece = ProtoField.bytes("vippy.piece", "Piece"),
  order = ProtoField.uint8("vippy.order", "Order", base.DEC, ORDERS),
  to = ProtoField.uint64("vippy.to", "Node that is to obey", base.HEX),
}
vippy.fields = f

local malformed = ProtoExpert.new("vippy.malformed", "Malformed message", expert.group.MALFORMED,
                                  expert.severity.ERROR)
local is_plain = ProtoExpert.new("vippy.protocol1", "Protocol 1: the body is JSON",
                                 expert.group.PROTOCOL, expert.severity.CHAT)
vippy.experts = { malformed, is_plain }

local function octets_of(bits) return math.floor((bits + 7) / 8) end

-- Bits as a list, "0, 3-7", and how many; the most significant bit of the first octet is 0.
local function list_of(range, bits)
  local words, first, count = {}, nil, 0
  for bit = 0, bits do
    local is_set = false
    if bit < bits then
      local octet = range(math.floor(bit / 8), 1):uint()
      is_set = math.floor(octet / 2 ^ (7 - bit % 8)) % 2 == 1
    end
    if is_set then
      count = count + 1
      first = first or bit
    elseif first then
      local last = bit - 1
      words[#words + 1] = first == last and tostring(first) or (first .. "-" .. last)
      first = nil
    end
  end
  return #words == 0 and "none" or table.concat(words, ", "), count
end

local function add_echo(tree, field, range, label)
  local at = tree:add(field, range)
  at:set_text(string.format("%s: session ...%08x, sequence ...%u", label, range(0, 4):uint(),
                            range(4, 4):uint()))
  at:add(f.echo_session, range(0, 4))
  at:add(f.echo_sequence, range(4, 4))
end

local function add_flags(tree, range)
  local at = tree:add(f.flags, range)
  for _, field in ipairs({ f.active, f.leaving, f.settled, f.will, f.refuses, f.has_parts }) do
    at:add(field, range)
  end
  local value, words = range:uint(), {}
  for bit, word in pairs({ [1] = "active", [2] = "leaving", [4] = "settled",
                            [8] = "will" }) do
    if math.floor(value / bit) % 2 == 1 then words[#words + 1] = word end
  end
  table.sort(words)
  return #words == 0 and "inactive" or table.concat(words, " ")
end

-- Each body: adds its fields; returns words for the summary, or nil and what is wrong.
local bodies = {}

bodies[1] = function(body, tree, flags)
  if body:len() < 40 then return nil, "no room for an announcement" end
  tree:add(f.version, body(0, 8))
  tree:add(f.digest, body(8, 8))
  tree:add(f.neighbours, body(16, 8))
  tree:add(f.interval, body(24, 4))
  tree:add(f.stale, body(28, 4))
  tree:add(f.nodes, body(32, 2))
  tree:add(f.groups, body(34, 2))
  tree:add(f.candidates, body(36, 2))
  tree:add(f.reserved, body(38, 2))
  local nodes, groups, candidates = body(32, 2):uint(), body(34, 2):uint(), body(36, 2):uint()
  local refuses = math.floor(flags / REFUSES) % 2 == 1
  local has_parts = math.floor(flags / HAS_PARTS) % 2 == 1
  local sets = 1 + (refuses and 1 or 0) + (has_parts and 1 or 0)
  local wanted = 40 + ECHO * (nodes + candidates) + octets_of(nodes) + sets * octets_of(groups)
  if body:len() ~= wanted then
    return nil, string.format("its counts want a body of %d octets, it has %d", wanted, body:len())
  end
  local at = 40
  for node = 0, nodes - 1 do
    add_echo(tree, f.echo, body(at, ECHO), "Echo of node " .. node)
    at = at + ECHO
  end
  for _ = 1, candidates do
    add_echo(tree, f.candidate, body(at, ECHO), "Candidate")
    at = at + ECHO
  end
  local function add_set(field, bits)
    local size = octets_of(bits)
    if size == 0 then
      tree:add(field, "none")
      return 0
    end
    local list, count = list_of(body(at, size), bits)
    tree:add(field, body(at, size), list)
    at = at + size
    return count
  end
  add_set(f.view, nodes)
  local held = add_set(f.claims, groups)
  if refuses then add_set(f.refusals, groups) end
  if has_parts then add_set(f.parts, groups) end
  return string.format("version %s, holds %d of %d groups", tostring(body(0, 8):uint64()), held,
                       groups)
end

bodies[2] = function(body, tree)
  if body:len() < 29 then return nil, "no room for a fragment" end
  tree:add(f.what, body(0, 1))
  tree:add(f.reserved, body(1, 3))
  tree:add(f.digest, body(4, 8))
  tree:add(f.version, body(12, 8))
  tree:add(f.total, body(20, 4))
  tree:add(f.offset, body(24, 4))
  tree:add(f.piece, body(28))
  return string.format("%s, octets %d to %d of %d", CONTENTS[body(0, 1):uint()] or "?",
                       body(24, 4):uint(), body(24, 4):uint() + body:len() - 29,
                       body(20, 4):uint())
end

bodies[3] = function(body, tree)
  if body:len() ~= 20 then return nil, "a request has a body of 20 octets" end
  tree:add(f.what, body(0, 1))
  tree:add(f.reserved, body(1, 3))
  tree:add(f.digest, body(4, 8))
  add_echo(tree, f.echo, body(12, ECHO), "Asks the node of echo")
  return string.format("%s %s", CONTENTS[body(0, 1):uint()] or "?", tostring(body(4, 8)))
end

bodies[4] = function(body, tree)
  if body:len() ~= 12 then return nil, "an order has a body of 12 octets" end
  tree:add(f.order, body(0, 1))
  tree:add(f.reserved, body(1, 3))
  tree:add(f.to, body(4, 8))
  return string.format("%s node %s", ORDERS[body(0, 1):uint()] or "?", tostring(body(4, 8)))
end

local function dissect(range, tree)
  if range:len() < HEADER + CODE then return nil, "shorter than a header and a code" end
  tree:add(f.magic, range(0, 4))
  tree:add(f.kind, range(4, 1))
  local kind, flags = range(4, 1):uint(), range(5, 1):uint()
  local words = add_flags(tree, range(5, 1))
  tree:add(f.length, range(6, 2))
  tree:add(f.key, range(8, 4))
  tree:add(f.reserved, range(12, 4))
  tree:add(f.node, range(16, 8))
  tree:add(f.session, range(24, 8))
  tree:add(f.sequence, range(32, 8))
  tree:add(f.code, range(range:len() - CODE, CODE))
  if range(6, 2):uint() ~= range:len() then return nil, "its length is not what it says" end
  if not bodies[kind] then return nil, "unknown kind" end
  local size = range:len() - HEADER - CODE
  if size == 0 then return nil, "no body" end
  local known = kind == 1 and KNOWN_FLAGS or 0
  for bit = 0, 7 do
    local value = 2 ^ bit
    if math.floor(flags / value) % 2 == 1 and math.floor(known / value) % 2 == 0 then
      return nil, "unknown flags"
    end
  end
  local summary, wrong = bodies[kind](range(HEADER, size), tree, flags)
  if not summary then return nil, wrong end
  return string.format("%s%s, %s", KINDS[kind], kind == 1 and " " .. words or "", summary)
end

local function is_ours(buffer)
  return buffer:len() >= 4 and buffer(0, 4):uint() == MAGIC
end

function vippy.dissector(buffer, packet, root)
  if buffer:len() > 0 and buffer(0, 1):uint() == 0x7b then  -- protocol 1 begins with a brace
    packet.cols.protocol = "vippy 1"
    root:add(vippy, buffer()):add_proto_expert_info(is_plain)
    Dissector.get("json"):call(buffer, packet, root)
    return buffer:len()
  end
  if not is_ours(buffer) then return 0 end
  packet.cols.protocol = "vippy"
  local range = buffer()
  local tree = root:add(vippy, range)
  local summary, wrong = dissect(range, tree)
  if wrong then tree:add_proto_expert_info(malformed, "Malformed: " .. wrong) end
  local text = summary or ("malformed: " .. wrong)
  tree:append_text(", " .. text)
  packet.cols.info = text
  return buffer:len()
end

vippy:register_heuristic("udp", function(buffer, packet, root)
  local is_json = buffer:len() > 6 and buffer(0, 6):string() == '{"me":'
  if not is_json and not is_ours(buffer) then return false end
  vippy.dissector(buffer, packet, root)
  return true
end)
DissectorTable.get("udp.port"):add(5007, vippy)
