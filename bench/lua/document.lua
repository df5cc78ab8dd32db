-- A program of some size: records are written as JSON, read back by a parser in Lua, changed, and written again.
local escapes = {['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t"}
local unescapes = {['"'] = '"', ["\\"] = "\\", ["/"] = "/", n = "\n", t = "\t"}

local function write (value, out)
  local kind = type(value)
  if kind == "string" then
    out[#out + 1] = '"' .. value:gsub('["\\\n\t]', escapes) .. '"'
  elseif kind ~= "table" then
    out[#out + 1] = tostring(value)
  elseif value[1] ~= nil then
    for i, item in ipairs(value) do
      out[#out + 1] = i == 1 and "[" or ","
      write(item, out)
    end
    out[#out + 1] = "]"
  else
    local keys = {}
    for key in pairs(value) do keys[#keys + 1] = key end
    table.sort(keys)
    out[#out + 1] = "{"
    for i, key in ipairs(keys) do
      if i > 1 then out[#out + 1] = "," end
      write(key, out)
      out[#out + 1] = ":"
      write(value[key], out)
    end
    out[#out + 1] = "}"
  end
  return out
end

local read

local function readstring (text, at)
  local parts = {}
  while true do
    local stop = text:find('["\\]', at)
    parts[#parts + 1] = text:sub(at, stop - 1)
    if text:byte(stop) == 34 then return table.concat(parts), stop + 1 end
    parts[#parts + 1] = unescapes[text:sub(stop + 1, stop + 1)]
    at = stop + 2
  end
end

local function readlist (text, at)
  local list = {}
  repeat
    list[#list + 1], at = read(text, at)
    at = at + 1
  until text:byte(at - 1) == 93
  return list, at
end

local function readobject (text, at)
  local object = {}
  if text:byte(at) == 125 then return object, at + 1 end
  repeat
    local key
    key, at = readstring(text, at + 1)
    object[key], at = read(text, at + 1)
    at = at + 1
  until text:byte(at - 1) == 125
  return object, at
end

local words = {["true"] = true, ["false"] = false}

function read (text, at)
  local byte = text:byte(at)
  if byte == 123 then return readobject(text, at + 1) end
  if byte == 91 then return readlist(text, at + 1) end
  if byte == 34 then return readstring(text, at + 1) end
  local word = text:match("^[%w.+-]+", at)
  local value = words[word]
  if value == nil then value = tonumber(word) end
  return value, at + #word
end

local records = {}
for i = 1, 6000 do
  records[i] = {
    id = i, name = "item " .. i, price = i / 4, sold = i % 3 == 0, tags = {"a" .. i % 7, "b\n" .. i % 11, '"c"'},
    size = {width = i % 100, height = i % 50},
  }
end
local text = table.concat(write(records, {}))
local again = read(text, 1)
for i = #again, 1, -2 do table.remove(again, i) end
local sum = 0
for _, record in ipairs(again) do
  sum = sum + record.id + record.size.width + #record.tags[2]
  record.price = nil
end
return #text .. " " .. #again .. " " .. sum .. " " .. #table.concat(write(again, {}))
