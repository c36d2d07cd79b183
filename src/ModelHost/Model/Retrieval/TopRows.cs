using System.Buffers;

namespace LatentDb.ModelHost.Model.Retrieval;

/// <summary>The best rows of a list of scores, in one pass over them: what is worse than the best so far is only compared, not kept.</summary>
internal static class TopRows
{
    // Candidates beyond the wanted ones that are kept before the worst are thrown out, so that few of them are looked at twice.
    private const int SlackPerRow = 2;

    /// <summary>
    /// The positions of the <paramref name="count"/> largest scores, ascending by position; all of them when there are fewer. Among equal scores
    /// the row that entered the bank first is the better one, so the choice is the same on every machine. NaN is worse than every number.
    /// </summary>
    /// <param name="scores">Scores in any order.</param>
    /// <param name="places">For each position the place of its score.</param>
    /// <param name="count">How many are wanted.</param>
    public static int[] Select(ReadOnlySpan<float> scores, ReadOnlySpan<int> places, int count)
    {
        count = Math.Min(count, places.Length);
        if (count == 0) return [];
        int room = Math.Min(places.Length, count * (1 + SlackPerRow));
        ulong[] rented = ArrayPool<ulong>.Shared.Rent(room);
        Span<ulong> keys = rented.AsSpan(0, room);
        int kept = 0;
        ulong bound = ulong.MaxValue; // what is not below it is not among the best
        for (int position = 0; position < places.Length; position++)
        {
            ulong key = ((ulong)WorstLast(scores[places[position]]) << 32) | (uint)position;
            if (key >= bound) continue;
            keys[kept++] = key;
            if (kept < room) continue;
            bound = KeepSmallest(keys, count);
            kept = count;
        }

        MoveSmallestToFront(keys[..kept], count);
        int[] chosen = new int[count];
        for (int i = 0; i < count; i++) chosen[i] = (int)(uint)keys[i];
        ArrayPool<ulong>.Shared.Return(rented);
        Array.Sort(chosen);
        return chosen;
    }

    /// <summary>Moves the smallest to the front and returns the largest of them.</summary>
    private static ulong KeepSmallest(Span<ulong> keys, int count)
    {
        MoveSmallestToFront(keys, count);
        ulong largest = 0;
        foreach (ulong key in keys[..count]) largest = Math.Max(largest, key);
        return largest;
    }

    /// <summary>Larger scores become smaller numbers.</summary>
    private static uint WorstLast(float score)
    {
        if (float.IsNaN(score)) return uint.MaxValue;
        uint bits = BitConverter.SingleToUInt32Bits(score == 0 ? 0 : score); // one zero, not two
        return (bits & 0x8000_0000) != 0 ? bits : 0x7FFF_FFFF - bits;
    }

    /// <summary>Hoare's quickselect (1961), median of three. All keys differ, because each ends in its position.</summary>
    private static void MoveSmallestToFront(Span<ulong> keys, int count)
    {
        int low = 0;
        int high = keys.Length - 1;
        while (low < high)
        {
            ulong pivot = Median(keys[low], keys[low + ((high - low) / 2)], keys[high]);
            int i = low;
            int j = high;
            while (i <= j)
            {
                while (keys[i] < pivot) i++;
                while (keys[j] > pivot) j--;
                if (i > j) break;
                (keys[i], keys[j]) = (keys[j], keys[i]);
                i++;
                j--;
            }

            if (count <= j) high = j;
            else if (count > i) low = i;
            else return;
        }
    }

    private static ulong Median(ulong a, ulong b, ulong c) => Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
}
