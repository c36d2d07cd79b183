using System.Buffers;

namespace LatentDb.ModelHost.Model.Retrieval;

/// <summary>The best rows of a list of scores, by partial selection: linear in the rows scored, not sorted as a whole.</summary>
internal static class TopRows
{
    /// <summary>
    /// The positions of the <paramref name="count"/> largest scores, ascending by position; all of them when there are fewer. Among equal scores
    /// the row that entered the bank first is the better one, so the choice is the same on every machine. NaN is worse than every number.
    /// </summary>
    public static int[] Select(ReadOnlySpan<float> scores, int count)
    {
        count = Math.Min(count, scores.Length);
        if (count == 0) return [];
        ulong[] rented = ArrayPool<ulong>.Shared.Rent(scores.Length);
        Span<ulong> keys = rented.AsSpan(0, scores.Length);
        for (int i = 0; i < keys.Length; i++) keys[i] = ((ulong)WorstLast(scores[i]) << 32) | (uint)i;
        MoveSmallestToFront(keys, count);

        int[] chosen = new int[count];
        for (int i = 0; i < count; i++) chosen[i] = (int)(uint)keys[i];
        ArrayPool<ulong>.Shared.Return(rented);
        Array.Sort(chosen);
        return chosen;
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
