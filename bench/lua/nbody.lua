-- Float arithmetic on table fields: five bodies pull at each other for 200,000 steps.
local function body (mass, x, y, z, vx, vy, vz)
  return {mass = mass, x = x, y = y, z = z, vx = vx, vy = vy, vz = vz}
end

local bodies = {
  body(39.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
  body(0.038, 4.8, -1.2, -0.1, 0.6, 2.8, -0.02),
  body(0.011, 8.3, 4.1, -0.4, -1.0, 1.8, 0.008),
  body(0.0017, 12.9, -15.1, -0.2, 1.1, 0.87, -0.01),
  body(0.002, 15.4, -25.9, 0.2, 0.98, 0.59, -0.03),
}

local function step (dt)
  local count = #bodies
  for i = 1, count do
    local a = bodies[i]
    for j = i + 1, count do
      local b = bodies[j]
      local dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
      local square = dx * dx + dy * dy + dz * dz
      local pull = dt / (square * math.sqrt(square))
      local onA, onB = b.mass * pull, a.mass * pull
      a.vx, a.vy, a.vz = a.vx - dx * onA, a.vy - dy * onA, a.vz - dz * onA
      b.vx, b.vy, b.vz = b.vx + dx * onB, b.vy + dy * onB, b.vz + dz * onB
    end
  end
  for i = 1, count do
    local a = bodies[i]
    a.x, a.y, a.z = a.x + dt * a.vx, a.y + dt * a.vy, a.z + dt * a.vz
  end
end

local function energy ()
  local sum = 0.0
  for i, a in ipairs(bodies) do
    sum = sum + 0.5 * a.mass * (a.vx ^ 2 + a.vy ^ 2 + a.vz ^ 2)
    for j = i + 1, #bodies do
      local b = bodies[j]
      sum = sum - a.mass * b.mass / math.sqrt((a.x - b.x) ^ 2 + (a.y - b.y) ^ 2 + (a.z - b.z) ^ 2)
    end
  end
  return sum
end

for _ = 1, 200000 do
  step(0.01)
end
return string.format("%.9f", energy())
