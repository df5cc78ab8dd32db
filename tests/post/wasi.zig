//! A program of Zig's own library: formatting, errors, a hash map, no libc.
const std = @import("std");

const Refused = error{Odd};

fn half(n: u32) Refused!u32 {
    return if (n % 2 == 1) Refused.Odd else n / 2;
}

pub fn main() !void {
    var counts = std.AutoHashMap(u32, u32).init(std.heap.wasm_allocator);
    defer counts.deinit();
    var n: u32 = 1;
    var odd: u32 = 0;
    while (n < 2000) : (n += 1) {
        const found = half(n * n + 1) catch {
            odd += 1;
            continue;
        };
        const entry = try counts.getOrPutValue(found % 17, 0);
        entry.value_ptr.* += 1;
    }
    var buffer: [256]u8 = undefined;
    const text = try std.fmt.bufPrint(&buffer, "{d} odd, {d} rests, {d:.3}\n", .{ odd, counts.count(), @sqrt(@as(f64, 3)) });
    try std.fs.File.stdout().writeAll(text);
}
