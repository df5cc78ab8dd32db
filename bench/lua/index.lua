-- A program of some size: an index of the words of many texts, asked and kept up to date while texts come and go.
local seed = 7
local function random (n)
  seed = (seed * 3877 + 29573) % 139968
  return seed % n + 1
end

local vocabulary = {}
for i = 1, 3000 do
  local letters = {}
  for k = 1, 3 + i % 6 do letters[k] = string.char(96 + random(26)) end
  vocabulary[i] = table.concat(letters)
end

local function makeText ()
  local words = {}
  for i = 1, 60 do words[i] = vocabulary[math.min(random(3000), random(3000))] end
  return table.concat(words, " ")
end

local Index = {}
Index.__index = Index

function Index.new () return setmetatable({texts = {}, words = {}}, Index) end

function Index:add (id, text)
  local counts = {}
  for word in text:gmatch("%a+") do counts[word] = (counts[word] or 0) + 1 end
  for word, count in pairs(counts) do
    local found = self.words[word]
    if not found then
      found = {}
      self.words[word] = found
    end
    found[id] = count
  end
  self.texts[id] = text
end

function Index:remove (id)
  for word in self.texts[id]:gmatch("%a+") do
    local found = self.words[word]
    if found then
      found[id] = nil
      if next(found) == nil then self.words[word] = nil end
    end
  end
  self.texts[id] = nil
end

function Index:find (query)
  local scores = {}
  for word in query:gmatch("%a+") do
    for id, count in pairs(self.words[word] or {}) do scores[id] = (scores[id] or 0) + count end
  end
  local ids = {}
  for id in pairs(scores) do ids[#ids + 1] = id end
  table.sort(ids, function (a, b)
    if scores[a] ~= scores[b] then return scores[a] > scores[b] end
    return a < b
  end)
  return ids
end

local index, sum = Index.new(), 0
for id = 1, 3000 do
  index:add(id, makeText())
  if id > 1500 then index:remove(id - 1500) end
  if id % 20 == 0 then
    local ids = index:find(vocabulary[random(3000)] .. " " .. vocabulary[random(300)])
    sum = sum + #ids + (ids[1] or 0)
  end
end
local words = 0
for _ in pairs(index.words) do words = words + 1 end
return sum .. " " .. words
