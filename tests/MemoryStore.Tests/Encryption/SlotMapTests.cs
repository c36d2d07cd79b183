using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Encryption.Slots;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Tests.Encryption;

public sealed class SlotMapTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_random_history_gives_what_a_dictionary_gives(int seed)
    {
        var random = new Random(seed);
        var map = new SlotMap(0);
        var model = new Dictionary<MemoryUid, SlotPlace>();
        for (int step = 0; step < 20_000; step++)
        {
            MemoryUid uid = new((UInt128)random.Next(2000));
            if (model.TryGetValue(uid, out SlotPlace place)) Change(map, model, uid, place, random.Next(3));
            else Add(map, model, uid);
            if (step % 1000 == 0) Compare(map, model);
        }

        Compare(map, model);
    }

    [Fact]
    public void A_second_slot_for_a_memory_is_refused()
    {
        var map = new SlotMap(2);
        Assert.True(map.Set(0, KeySlot.Erased(new MemoryUid(5))));

        Assert.False(map.Set(1, new KeySlot(SlotState.Present, 1, 1, new MemoryUid(5))));
        Assert.Equal(new SlotPlace(0, SlotState.Erased), map.Find(new MemoryUid(5)));
    }

    [Fact]
    public void A_cache_keeps_what_was_used_and_disposes_of_what_leaves()
    {
        using var cache = new ClockCache<int, DataKey>(4);
        DataKey[] keys = [.. Enumerable.Range(0, 6).Select(_ => DataKey.Random())];
        for (int i = 0; i < 4; i++) cache.Add(i, keys[i]);
        cache.Add(4, keys[4]);
        cache.Find(2);
        cache.Add(5, keys[5]);

        Assert.Equal(4, cache.Count);
        Assert.Equal(4, keys.Count(k => k.TryShare()));
        Assert.Same(keys[2], cache.Find(2));
        cache.Remove(2);
        Assert.Null(cache.Find(2));
    }

    private static void Add(SlotMap map, Dictionary<MemoryUid, SlotPlace> model, MemoryUid uid)
    {
        if (map.TakeFree() is not int slot)
        {
            map.Grow(map.Count + 32);
            slot = map.TakeFree()!.Value;
        }

        Assert.True(map.Set(slot, new KeySlot(SlotState.Present, 1, 1, uid)));
        model[uid] = new SlotPlace(slot, SlotState.Present);
    }

    private static void Change(SlotMap map, Dictionary<MemoryUid, SlotPlace> model, MemoryUid uid, SlotPlace place, int choice)
    {
        if (choice == 0)
        {
            Assert.True(map.Set(place.Slot, KeySlot.Erased(uid)));
            model[uid] = place with { State = SlotState.Erased };
        }
        else if (choice == 1)
        {
            Assert.True(map.Set(place.Slot, KeySlot.Free));
            model.Remove(uid);
        }
    }

    private static void Compare(SlotMap map, Dictionary<MemoryUid, SlotPlace> model)
    {
        for (int i = 0; i < 2000; i++)
        {
            var uid = new MemoryUid((UInt128)i);
            Assert.Equal(model.TryGetValue(uid, out SlotPlace place) ? place : null, map.Find(uid));
        }

        Assert.Equal(model.Where(m => m.Value.State == SlotState.Erased).Select(m => m.Key).ToHashSet(), map.Uids(SlotState.Erased).ToHashSet());
    }
}
