//! Asynchronous calls: waiting, cancelling, where Lua can't wait, slices.

mod common;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use common::{builder, each};
use moonwright::{Builder, Capture, ErrorKind, Limits, Lua, MemoryStore, Raise, Value};

/// A host function that is done when it is polled again, and counts how many are under way.
fn later(builder: Builder, alive: &Arc<AtomicU32>) -> Builder {
    let alive = Arc::clone(alive);
    builder.async_function("later", move |value: Value| {
        struct Alive(Arc<AtomicU32>);
        impl Drop for Alive {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Relaxed);
            }
        }
        alive.fetch_add(1, Relaxed);
        let alive = Alive(Arc::clone(&alive));
        let mut polled = false;
        async move {
            std::future::poll_fn(|poller| {
                poller.waker().wake_by_ref();
                if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            drop(alive);
            if value == Value::from("fail") { Err(Raise::at_caller("it failed").into()) } else { Ok(value) }
        }
    })
}

/// The smallest runtime that there is: polls until it is done.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Nothing;
    impl Wake for Nothing {
        fn wake(self: Arc<Self>) {}
    }
    let waker = Waker::from(Arc::new(Nothing));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
    }
}

#[test]
fn a_script_waits_wherever_lua_lets_it() {
    each(|module| {
        let output = Capture::new();
        let alive = Arc::default();
        let mut lua = later(builder(module).output(output.clone()), &alive).build().unwrap();
        let code = "print('before')\n\
            local sum = later(1)\n\
            sum = sum + select(2, pcall(function() return later(10) end))\n\
            local co = coroutine.wrap(function() local x = later(100); coroutine.yield(x); return later(1000) end)\n\
            sum = sum + co() + co()\n\
            sum = sum + setmetatable({}, {__index = function(_, k) return later(k) end})[10000]\n\
            for x in function(_, x) if not x then return later(100000) end end do sum = sum + x end\n\
            print('after')\n\
            return sum, select(2, pcall(later, 'fail'))";
        let (sum, error) = block_on(lua.eval_async::<(i64, String)>(code)).unwrap();
        assert_eq!((sum, error.as_str()), (111_111, "it failed"));
        assert_eq!(output.take(), b"before\nafter\n");
        lua.run("function add(a, b) return later(a) + later(b) end").unwrap();
        assert_eq!(block_on(lua.call_async("add", (1, 2))).unwrap().to::<i64>(), Ok(3));
        assert_eq!(block_on(lua.call_async("later", "x")).unwrap()[0], Value::from("x"), "the function itself");
        let error = block_on(lua.run_named_async("@main.lua", "local x = 1\nlater('fail')")).unwrap_err();
        assert_eq!(error.to_string(), "main.lua:2: it failed");
        assert_eq!(error.as_lua().and_then(|error| error.line), Some(2));
        let error = block_on(lua.run_async("coroutine.yield(1)")).unwrap_err();
        assert!(error.to_string().contains("attempt to yield from outside a coroutine"), "{error}");
        assert!(block_on(lua.run_async("return +")).is_err());
        assert_eq!(alive.load(Relaxed), 0);
    });
}

#[test]
fn where_lua_cannot_wait_the_error_says_why() {
    each(|module| {
        let mut lua = later(builder(module), &Arc::default()).build().unwrap();
        let error = lua.run("later(1)").unwrap_err();
        assert!(error.to_string().contains("host function 'later' cannot wait here"), "{error}");
        for code in [
            "table.sort({3, 1, 2}, function(a, b) return later(a) < b end)",
            "return ('abc'):gsub('.', later)",
            "return tostring(setmetatable({}, {__tostring = later}))",
        ] {
            let error = block_on(lua.run_async(code)).unwrap_err();
            assert!(error.to_string().contains("cannot wait here"), "{code}: {error}");
            assert_eq!(error.kind(), Some(ErrorKind::Runtime));
        }
        assert_eq!(block_on(lua.eval_async::<i64>("return later(1)")).unwrap(), 1);
    });
}

#[test]
fn dropping_the_future_cancels() {
    each(|module| {
        let store = MemoryStore::new();
        let alive = Arc::default();
        let mut lua = later(builder(module).store(store.clone()), &alive).build().unwrap();
        let code = "Memory.begun = true\n\
            local closing <close> = setmetatable({}, {__close = function() Memory.closed = true end})\n\
            later(1)\n\
            Memory.ended = true";
        {
            let mut running = pin!(lua.run_async(code));
            assert!(running.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            assert_eq!(alive.load(Relaxed), 1);
        }
        assert_eq!(alive.load(Relaxed), 0, "what the host was doing has ended, too");
        drop(lua.run_async("Memory.never = true"));
        let found = lua.eval::<(bool, bool, Option<bool>, Option<bool>)>(
            "return Memory.begun, Memory.closed, Memory.ended, Memory.never",
        );
        assert_eq!(found.unwrap(), (true, true, None, None));
        assert_eq!(block_on(lua.eval_async::<i64>("return later(1) + later(2)")).unwrap(), 3);
        drop(lua);
        let mut lua = builder(module).store(store).build().unwrap();
        assert!(lua.eval::<bool>("return Memory.closed").unwrap());
    });
}

#[test]
fn limits_hold_for_calls_that_wait() {
    each(|module| {
        let limits = Limits::none().instructions(3_000_000).heap(8 << 20);
        let mut lua = later(builder(module).limits(limits).slice(100_000), &Arc::default()).build().unwrap();
        let polls = std::cell::Cell::new(0);
        for code in ["while true do end", "later(1) while true do pcall(error) end"] {
            let error = block_on(async {
                let mut running = pin!(lua.run_async(code));
                std::future::poll_fn(|poller| {
                    polls.set(polls.get() + 1);
                    running.as_mut().poll(poller)
                })
                .await
            })
            .unwrap_err();
            assert_eq!(error.kind(), Some(ErrorKind::Limit), "{error}");
        }
        assert!((40..90).contains(&polls.get()), "{} polls for two times 3 million steps", polls.get());
        assert_eq!(block_on(lua.eval_async::<i64>("for i = 1, 2e6 do end return later(7)")).unwrap(), 7);
        assert!(lua.run("for i = 1, 2e6 do end").is_ok());
        let error = block_on(lua.run_async("later(1) local t = {} while true do t[#t + 1] = {} end")).unwrap_err();
        assert_eq!(error.kind(), Some(ErrorKind::Memory));

        let limits = Limits::none().time(Duration::from_millis(100));
        let mut lua = later(builder(module).limits(limits), &Arc::default()).build().unwrap();
        let begun = Instant::now();
        let error = block_on(lua.run_async("while true do later(1) end")).unwrap_err();
        assert_eq!(error.kind(), Some(ErrorKind::Limit));
        assert!(begun.elapsed() < Duration::from_secs(5));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn under_tokio_on_any_thread() {
    let module = common::module("5.4");
    let build = move || {
        builder(&module)
            .async_function("sleep", |ms: u64| async move {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Ok(ms)
            })
            .slice(50_000)
            .build()
            .unwrap()
    };
    let begun = Instant::now();
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let mut lua: Lua = build();
            tokio::spawn(async move { lua.eval_async::<u64>(format!("return sleep(100) + sleep(100) + {n}")).await })
        })
        .collect();
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap().unwrap(), 200 + n as u64);
    }
    assert!(begun.elapsed() < Duration::from_millis(3000), "they waited side by side: {:?}", begun.elapsed());

    let mut lua = build();
    let late = tokio::time::timeout(Duration::from_millis(50), lua.run_async("while true do end")).await;
    assert!(late.is_err(), "slices let the runtime's timeout end a script");
    let late = tokio::time::timeout(Duration::from_millis(50), lua.run_async("sleep(60000)")).await;
    assert!(late.is_err());
    assert_eq!(lua.eval::<i64>("return 6 * 7").unwrap(), 42);
}
