"""What Redis does in one step with the views of reservations: scripts in Lua."""

from __future__ import annotations

# KEYS: view, of the person, all, names of the person, live of the person, all live, costs of what lives, costs of what
# ended then; what is shared or offered, by colleague.
# ARGV: revision, JSON, created at, id, name, 1: it is live, line of its costs, its field among what ended, until when
# those are kept; until when it is shared, or since when it is offered, by colleague
PUT_VIEW = """
local known = redis.call('HGET', KEYS[1], 'revision')
if known and tonumber(known) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'revision', ARGV[1], 'json', ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[4])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[4])
redis.call('ZADD', KEYS[4], '+inf', ARGV[5])
for index = 5, 6 do
  if ARGV[6] == '1' then
    redis.call('ZADD', KEYS[index], ARGV[3], ARGV[4])
  else
    redis.call('ZREM', KEYS[index], ARGV[4])
  end
end
if ARGV[6] == '1' then
  redis.call('HSET', KEYS[7], ARGV[4], ARGV[7])
else
  redis.call('HDEL', KEYS[7], ARGV[4])
  if ARGV[7] ~= '' then
    redis.call('HSET', KEYS[8], ARGV[8], ARGV[7])
    redis.call('EXPIREAT', KEYS[8], ARGV[9])
  end
end
local shared = redis.call('HGET', KEYS[1], 'shared')
for key in string.gmatch(shared or '', '[^\\n]+') do redis.call('ZREM', key, ARGV[4]) end
for index = 9, #KEYS do redis.call('ZADD', KEYS[index], ARGV[index + 1], ARGV[4]) end
if shared or #KEYS > 8 then redis.call('HSET', KEYS[1], 'shared', table.concat(KEYS, '\\n', 9)) end
return 1
"""

# KEYS: names of the person, name of the reservation.
# ARGV: stem, now, held until, milliseconds held, 1: the stem itself first
CLAIM_NAME = """
local claimed = redis.call('GET', KEYS[2])
if claimed then return claimed end
local number = 1 - ARGV[5]
while true do
  local name = ARGV[1]
  if number > 0 then name = name .. '-' .. number end
  local taken = redis.call('ZSCORE', KEYS[1], name)
  if not taken or tonumber(taken) < tonumber(ARGV[2]) then
    redis.call('ZADD', KEYS[1], ARGV[3], name)
    redis.call('SET', KEYS[2], name, 'PX', ARGV[4])
    return name
  end
  number = number + 1
end
"""
