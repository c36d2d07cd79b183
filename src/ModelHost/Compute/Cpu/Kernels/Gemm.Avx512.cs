using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

#pragma warning disable MA0051 // A tile is written out: the JIT keeps locals in registers, arrays it does not.

internal static unsafe partial class Gemm
{
    /// <summary>12 x 32: 24 sums, 2 vectors of weights and 1 number of x are 27 of 32 registers; 14 loads feed 24 multiply-adds.</summary>
    internal readonly struct Avx512Tile : ITile
    {
        public static int SliverRows => 12;

        public static int SliverGranule => 4;

        public static void Run(int rows, float* a, nint aStep, float* b, int depth, float* c, nint cStep, in Finish finish)
        {
            switch (rows)
            {
                case 12: Run12(a, aStep, b, depth, c, cStep, finish); break;
                case 8: Run8(a, aStep, b, depth, c, cStep, finish); break;
                case 4: Run4(a, aStep, b, depth, c, cStep, finish); break;
                default: Run1(a, aStep, b, depth, c, cStep, finish); break;
            }
        }

        public static int RowsAtOnce(int rows) => rows >= 12 ? 12 : rows >= 8 ? 8 : rows >= 4 ? 4 : 1;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Run12(float* a, nint aStep, float* b, int depth, float* c, nint cStep, in Finish finish)
        {
            Vector512<float> z = Vector512<float>.Zero;
            Vector512<float>
                l0 = z, r0 = z, l1 = z, r1 = z, l2 = z, r2 = z, l3 = z, r3 = z,
                l4 = z, r4 = z, l5 = z, r5 = z, l6 = z, r6 = z, l7 = z, r7 = z,
                l8 = z, r8 = z, l9 = z, r9 = z, l10 = z, r10 = z, l11 = z, r11 = z;
            for (int k = depth; k > 0; k--)
            {
                Vector512<float> left = Vector512.Load(b);
                Vector512<float> right = Vector512.Load(b + 16);
                Vector512<float> x = Vector512.Create(*a);
                l0 = Vector512.FusedMultiplyAdd(x, left, l0);
                r0 = Vector512.FusedMultiplyAdd(x, right, r0);
                x = Vector512.Create(a[1]);
                l1 = Vector512.FusedMultiplyAdd(x, left, l1);
                r1 = Vector512.FusedMultiplyAdd(x, right, r1);
                x = Vector512.Create(a[2]);
                l2 = Vector512.FusedMultiplyAdd(x, left, l2);
                r2 = Vector512.FusedMultiplyAdd(x, right, r2);
                x = Vector512.Create(a[3]);
                l3 = Vector512.FusedMultiplyAdd(x, left, l3);
                r3 = Vector512.FusedMultiplyAdd(x, right, r3);
                x = Vector512.Create(a[4]);
                l4 = Vector512.FusedMultiplyAdd(x, left, l4);
                r4 = Vector512.FusedMultiplyAdd(x, right, r4);
                x = Vector512.Create(a[5]);
                l5 = Vector512.FusedMultiplyAdd(x, left, l5);
                r5 = Vector512.FusedMultiplyAdd(x, right, r5);
                x = Vector512.Create(a[6]);
                l6 = Vector512.FusedMultiplyAdd(x, left, l6);
                r6 = Vector512.FusedMultiplyAdd(x, right, r6);
                x = Vector512.Create(a[7]);
                l7 = Vector512.FusedMultiplyAdd(x, left, l7);
                r7 = Vector512.FusedMultiplyAdd(x, right, r7);
                x = Vector512.Create(a[8]);
                l8 = Vector512.FusedMultiplyAdd(x, left, l8);
                r8 = Vector512.FusedMultiplyAdd(x, right, r8);
                x = Vector512.Create(a[9]);
                l9 = Vector512.FusedMultiplyAdd(x, left, l9);
                r9 = Vector512.FusedMultiplyAdd(x, right, r9);
                x = Vector512.Create(a[10]);
                l10 = Vector512.FusedMultiplyAdd(x, left, l10);
                r10 = Vector512.FusedMultiplyAdd(x, right, r10);
                x = Vector512.Create(a[11]);
                l11 = Vector512.FusedMultiplyAdd(x, left, l11);
                r11 = Vector512.FusedMultiplyAdd(x, right, r11);
                a += aStep;
                b += PanelWidth;
            }

            StoreRows(c, cStep, l0, r0, l1, r1, finish);
            StoreRows(c + (2 * cStep), cStep, l2, r2, l3, r3, finish);
            StoreRows(c + (4 * cStep), cStep, l4, r4, l5, r5, finish);
            StoreRows(c + (6 * cStep), cStep, l6, r6, l7, r7, finish);
            StoreRows(c + (8 * cStep), cStep, l8, r8, l9, r9, finish);
            StoreRows(c + (10 * cStep), cStep, l10, r10, l11, r11, finish);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Run8(float* a, nint aStep, float* b, int depth, float* c, nint cStep, in Finish finish)
        {
            Vector512<float> z = Vector512<float>.Zero;
            Vector512<float>
                l0 = z, r0 = z, l1 = z, r1 = z, l2 = z, r2 = z, l3 = z, r3 = z,
                l4 = z, r4 = z, l5 = z, r5 = z, l6 = z, r6 = z, l7 = z, r7 = z;
            for (int k = depth; k > 0; k--)
            {
                Vector512<float> left = Vector512.Load(b);
                Vector512<float> right = Vector512.Load(b + 16);
                Vector512<float> x = Vector512.Create(*a);
                l0 = Vector512.FusedMultiplyAdd(x, left, l0);
                r0 = Vector512.FusedMultiplyAdd(x, right, r0);
                x = Vector512.Create(a[1]);
                l1 = Vector512.FusedMultiplyAdd(x, left, l1);
                r1 = Vector512.FusedMultiplyAdd(x, right, r1);
                x = Vector512.Create(a[2]);
                l2 = Vector512.FusedMultiplyAdd(x, left, l2);
                r2 = Vector512.FusedMultiplyAdd(x, right, r2);
                x = Vector512.Create(a[3]);
                l3 = Vector512.FusedMultiplyAdd(x, left, l3);
                r3 = Vector512.FusedMultiplyAdd(x, right, r3);
                x = Vector512.Create(a[4]);
                l4 = Vector512.FusedMultiplyAdd(x, left, l4);
                r4 = Vector512.FusedMultiplyAdd(x, right, r4);
                x = Vector512.Create(a[5]);
                l5 = Vector512.FusedMultiplyAdd(x, left, l5);
                r5 = Vector512.FusedMultiplyAdd(x, right, r5);
                x = Vector512.Create(a[6]);
                l6 = Vector512.FusedMultiplyAdd(x, left, l6);
                r6 = Vector512.FusedMultiplyAdd(x, right, r6);
                x = Vector512.Create(a[7]);
                l7 = Vector512.FusedMultiplyAdd(x, left, l7);
                r7 = Vector512.FusedMultiplyAdd(x, right, r7);
                a += aStep;
                b += PanelWidth;
            }

            StoreRows(c, cStep, l0, r0, l1, r1, finish);
            StoreRows(c + (2 * cStep), cStep, l2, r2, l3, r3, finish);
            StoreRows(c + (4 * cStep), cStep, l4, r4, l5, r5, finish);
            StoreRows(c + (6 * cStep), cStep, l6, r6, l7, r7, finish);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Run4(float* a, nint aStep, float* b, int depth, float* c, nint cStep, in Finish finish)
        {
            Vector512<float> z = Vector512<float>.Zero;
            Vector512<float> l0 = z, r0 = z, l1 = z, r1 = z, l2 = z, r2 = z, l3 = z, r3 = z;
            for (int k = depth; k > 0; k--)
            {
                Vector512<float> left = Vector512.Load(b);
                Vector512<float> right = Vector512.Load(b + 16);
                Vector512<float> x = Vector512.Create(*a);
                l0 = Vector512.FusedMultiplyAdd(x, left, l0);
                r0 = Vector512.FusedMultiplyAdd(x, right, r0);
                x = Vector512.Create(a[1]);
                l1 = Vector512.FusedMultiplyAdd(x, left, l1);
                r1 = Vector512.FusedMultiplyAdd(x, right, r1);
                x = Vector512.Create(a[2]);
                l2 = Vector512.FusedMultiplyAdd(x, left, l2);
                r2 = Vector512.FusedMultiplyAdd(x, right, r2);
                x = Vector512.Create(a[3]);
                l3 = Vector512.FusedMultiplyAdd(x, left, l3);
                r3 = Vector512.FusedMultiplyAdd(x, right, r3);
                a += aStep;
                b += PanelWidth;
            }

            StoreRows(c, cStep, l0, r0, l1, r1, finish);
            StoreRows(c + (2 * cStep), cStep, l2, r2, l3, r3, finish);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Run1(float* a, nint aStep, float* b, int depth, float* c, nint cStep, in Finish finish)
        {
            Vector512<float> z = Vector512<float>.Zero;
            Vector512<float> l0 = z, r0 = z;
            for (int k = depth; k > 0; k--)
            {
                Vector512<float> left = Vector512.Load(b);
                Vector512<float> right = Vector512.Load(b + 16);
                Vector512<float> x = Vector512.Create(*a);
                l0 = Vector512.FusedMultiplyAdd(x, left, l0);
                r0 = Vector512.FusedMultiplyAdd(x, right, r0);
                a += aStep;
                b += PanelWidth;
            }

            StoreRow(c, l0, r0, finish);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void StoreRows(
            float* c, nint cStep, Vector512<float> left, Vector512<float> right, Vector512<float> nextLeft, Vector512<float> nextRight, in Finish finish)
        {
            StoreRow(c, left, right, finish);
            StoreRow(c + cStep, nextLeft, nextRight, finish);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void StoreRow(float* c, Vector512<float> left, Vector512<float> right, in Finish finish)
        {
            if (finish.Add)
            {
                Vector512<float> scale = Vector512.Create(finish.Scale);
                left = Vector512.FusedMultiplyAdd(scale, left, Vector512.Load(c));
                right = Vector512.FusedMultiplyAdd(scale, right, Vector512.Load(c + 16));
            }

            left.Store(c);
            right.Store(c + 16);
        }
    }
}
